import type { Stand } from '../support/stand.js';
import { connecting, type Connections } from './connecting.js';
import { losing } from './losing.js';
import { nudging } from './nudging.js';
import { pacing } from './pacing.js';
import { stopping } from './stopping.js';
import { working } from './working.js';

/** What lanes and buckets promise, whatever they live on. */
export function behavesLikeLanes(stand: () => Stand, connections: Connections): void {
  describe('working', () => working(stand));
  describe('each time anew', () => {
    afterEach(() => stand().clear());
    describe('nudging', () => nudging(stand));
    describe('stopping', () => stopping(stand));
    describe('losing', () => losing(stand));
    describe('pacing', () => pacing(stand));
    describe('connecting', () => connecting(stand, connections));
  });
}
