import { StartError } from '../../common/start-error.js';
import { EVENT_TYPES } from '../../events/event-types.js';
import { type RemoteApp, type RemoteOptions, remoteApp } from '../remote/remote-app.js';
import { newestPosition } from '../remote/remote-events.js';
import { feed, patiently } from './feed.js';
import { Forwarder } from './forwarder.js';
import { type ListenSecret, listenSecret } from './listen-secret.js';

export interface ListenOptions extends RemoteOptions {
  readonly forwardTo: string;
  /** Types with commas between them; every type when left out. */
  readonly events?: string;
  readonly secret?: string;
  /** `now`, or the position after which it goes on. */
  readonly since: string;
}

/** `minibase listen`: forwards events to a server that nobody else can reach, until it is stopped. */
export async function listen(options: ListenOptions): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await listenUntil(stop.signal, options, (line) => void process.stdout.write(`${line}\n`));
}

/** Listens until `signal` is aborted. Throws StartError for what cannot be right, and for a key that is not known. */
export async function listenUntil(
  signal: AbortSignal,
  options: ListenOptions,
  say: (line: string) => void,
): Promise<void> {
  const url = targetOf(options.forwardTo);
  const wanted = typesOf(options.events);
  const since = sinceOf(options.since);
  const app = await remoteApp(options);
  const secret = await listenSecret(app.dataDir, app.id, options.secret);
  const forwarder = new Forwarder({ url, secret: secret.value, say });
  signal.addEventListener('abort', () => void forwarder.close(), { once: true });
  let position: number | undefined;
  try {
    const ask = () => newestPosition(app.api, { signal });
    position = since ?? (await patiently(ask, { signal, say }));
    say(greeting(app, options, secret, position));
    for await (const event of feed(app.api, position, { signal, say })) {
      if (wanted(event.type)) await forwarder.forward(event, signal);
      position = event.position;
    }
  } catch (error) {
    if (position !== undefined) say(`Stopped. To go on from here: --since ${position}`);
    if (!signal.aborted) throw error;
  } finally {
    await forwarder.close();
  }
}

function greeting({ api, mode }: RemoteApp, { forwardTo }: ListenOptions, secret: ListenSecret, position: number) {
  const lines = [`Forwarding the events of this ${mode} app at ${api.url} after position ${position} to ${forwardTo}`];
  if (secret.isNew || secret.keptIn) lines.push(`Signing secret for your handler: ${secret.value}`);
  if (secret.isNew && !secret.keptIn)
    lines.push('It is kept nowhere: to have the same one again, give it as --secret.');
  return lines.join('\n');
}

function targetOf(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new StartError('--forward-to must be an address such as http://localhost:8080/webhooks.');
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new StartError('--forward-to must have no user name, password or fragment (#…): they would not be sent.');
  }
  return url;
}

/** Which types are forwarded. A test is meant for the endpoint that it tests, so it is only when it is named. */
function typesOf(list: string | undefined): (type: string) => boolean {
  const named = new Set((list ?? '*').split(',').map((name) => name.trim()).filter(Boolean)); // prettier-ignore
  const unknown = [...named].filter((name) => name !== '*' && !Object.hasOwn(EVENT_TYPES, name));
  if (unknown.length > 0 || named.size === 0) {
    throw new StartError(`--events: there is no ${unknown.join(', ') || 'type'}; docs/events.md has the types.`);
  }
  return (type) => named.has(type) || (named.has('*') && type !== 'webhook.test');
}

function sinceOf(text: string): number | undefined {
  if (text === 'now') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new StartError('--since must be `now` or the position of an event, such as 0 for all that is kept.');
}
