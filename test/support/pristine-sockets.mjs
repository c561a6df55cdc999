import { Socket } from 'node:net';

/**
 * Before each spec file: urllib, the HTTP library of Alipay's SDK, replaces `Socket.prototype.destroy` for the whole
 * process when it is loaded, and then fails where one error ends several sockets. Specs that use the SDK must not do that
 * to those that run after them in the same process.
 */
const PRISTINE = Symbol.for('minibase.pristine-destroy');
Socket[PRISTINE] ??= Socket.prototype.destroy;
Socket.prototype.destroy = Socket[PRISTINE];
