import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { DomainError } from './errors.js';
import { toProblem } from './problem.filter.js';
import { problem } from './problems.js';
import { requestIdOf } from './request-id.js';

/**
 * What Node could not read as HTTP never becomes a request, so no filter sees it. It gets its problem here, as text on
 * the socket, and the connection ends.
 */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = toDomainError(error.code);
  const requestId = requestIdOf();
  const body = JSON.stringify(toProblem(known, requestId));
  const head = [
    `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function toDomainError(code: string | undefined): DomainError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problem('headers_too_large', 'Send less than 16 KiB of address and headers.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request_timeout', 'The request did not arrive in time.');
  return problem('malformed_request', 'This is not a request in HTTP/1.1 that can be read.');
}
