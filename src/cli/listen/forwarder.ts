import { setTimeout as pause } from 'node:timers/promises';
import type { EventView } from '../../events/events.schemas.js';
import { AddressRules } from '../../webhooks/addresses.js';
import { messageOf, type Receiving } from '../../webhooks/message.js';
import { SystemResolver } from '../../webhooks/resolver.js';
import { Sender, type Sent } from '../../webhooks/sender.js';
import { signerOf } from '../../webhooks/signature.js';
import { Targets } from '../../webhooks/targets.js';

export interface ForwarderOptions {
  readonly url: URL;
  /** `whsec_…` */
  readonly secret: string;
  readonly say: (line: string) => void;
  /** Milliseconds before each repeat of a failed forward. */
  readonly pauses?: readonly number[];
}

const PAUSES_MS = [1_000, 3_000, 10_000];

/** The developer's own machine sends to an address that the developer has typed: nothing is forbidden. */
const ANYWHERE = new AddressRules(['0.0.0.0/0', '::/0']);

/** Sends events to one address, byte for byte as a webhook endpoint gets them. */
export class Forwarder {
  readonly #sender = new Sender(new Targets(ANYWHERE, new SystemResolver(true)));
  readonly #receiving: Receiving;
  readonly #say: (line: string) => void;
  readonly #pauses: readonly number[];

  constructor({ url, secret, say, pauses = PAUSES_MS }: ForwarderOptions) {
    this.#receiving = { url, headers: {}, signers: [{ sign: signerOf(secret), until: null }] };
    this.#say = say;
    this.#pauses = pauses;
  }

  /** Until it is accepted or given up; says what came of each try. Throws the signal's reason when it is aborted. */
  async forward(event: EventView, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries++) {
      const at = new Date();
      const sent = await this.#sender.send(messageOf(this.#receiving, toldOf(event), at));
      const line = `${at.toISOString()} ${event.id} ${event.type} → ${outcomeOf(sent)} (${sent.durationMs} ms)`;
      const wait = this.#pauses[tries];
      if (isSuccess(sent)) return this.#say(line);
      signal.throwIfAborted();
      if (wait === undefined) {
        const again = `--since ${event.position - 1} begins with it`;
        return this.#say(`${line}, skipped after ${tries + 1} tries; ${again}`);
      }
      this.#say(`${line}, again in ${wait / 1_000} s`);
      await pause(wait, undefined, { signal });
    }
  }

  /** Breaks off what is on its way. */
  close(): Promise<void> {
    return this.#sender.close();
  }
}

const toldOf = ({ id, type, createdAt, data }: EventView) => ({
  eventId: id,
  type,
  happenedAt: new Date(createdAt),
  data,
});

/** What any endpoint counts as delivered: a 2xx whose answer has come to its end. */
const isSuccess = ({ status, error }: Sent): boolean =>
  error === null && status !== null && status >= 200 && status < 300;

function outcomeOf({ status, error }: Sent): string {
  if (error !== null) return error;
  const isRedirect = status !== null && status >= 300 && status < 400;
  return `${status}${isRedirect ? ', a redirect, which is not followed' : ''}`;
}
