import { Socket } from 'node:net';

/**
 * Alipay's own SDK as a foreign client. Its HTTP library (urllib) replaces `Socket.prototype.destroy` for the whole
 * process when it is loaded, and then fails when one error ends several sockets: here that is put back.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
const { destroy } = Socket.prototype;
const { AlipaySdk } = await import('alipay-sdk');
Socket.prototype.destroy = destroy;

export { AlipaySdk };
export type { AlipaySdkConfig } from 'alipay-sdk';
