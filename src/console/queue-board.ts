import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { RequestHandler, Router } from 'express';
import type { BullLanes } from '../queues/bull-lanes.js';

/** The queues to look at, and only to look at. Made at the first visit, when the queues are open. */
export function queueBoard(lanes: BullLanes, basePath: string): RequestHandler {
  let board: Router | undefined;
  return (request, reply, next) => {
    board ??= newBoard(lanes, basePath);
    board(request, reply, next);
  };
}

function newBoard(lanes: BullLanes, basePath: string): Router {
  const serverAdapter = new ExpressAdapter().setBasePath(basePath);
  const queues = lanes.boards().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true }));
  createBullBoard({ queues, serverAdapter, options: { uiConfig: { boardTitle: 'Minibase queues' } } });
  return serverAdapter.getRouter() as Router;
}
