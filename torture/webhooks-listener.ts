import { Webhook } from 'standardwebhooks';
import { must } from '../test/support/client.js';
import { answering, type Behaviour, Receiver } from '../test/webhooks/support/receiver.js';
import type { ModelShop } from '../test/payments/model/shop.js';
import { Broken, call, insist } from '../test/payments/model/stage.js';

/** What a developer's server may be like. */
export interface Character {
  readonly name: string;
  readonly ordered?: boolean;
  /** Milliseconds that it takes for an answer. */
  readonly takes?: number;
  /** Until it is mended it fails at random. */
  readonly fails?: boolean;
}

export const CHARACTERS: readonly Character[] = [
  { name: 'plain' },
  { name: 'ordered', ordered: true },
  { name: 'failing', fails: true },
  { name: 'slow', takes: 200 },
  { name: 'ordered and failing', ordered: true, fails: true },
];

/** Of a server that fails: how many of the requests get 500, no answer but a closed connection, and nothing at all. */
const REFUSED = 0.2;
const CLOSED = 0.05;
const HANGING = 0.005;

/** One request that arrived. */
export interface Arrival {
  readonly eventId: string;
  /** Whether it was answered with a success; the sender may have been killed before it saw that. */
  accepted: boolean;
}

/** An endpoint of a shop with the server behind it, which verifies and remembers all that arrives. */
export class Listener {
  readonly arrivals: Arrival[] = [];
  /** Events that were accepted at least once. */
  readonly accepted = new Set<string>();
  /** Requests that were not genuine. */
  readonly forgeries: string[] = [];
  #isMended = false;

  private constructor(
    readonly character: Character,
    readonly id: string,
    private readonly shop: ModelShop,
    private readonly receiver: Receiver,
    private readonly webhook: Webhook,
    private readonly random: () => number,
  ) {
    receiver.behaviour = this.#take;
  }

  /** `random` in [0, 1) decides which requests fail. */
  static async open(shop: ModelShop, character: Character, random: () => number): Promise<Listener> {
    const receiver = await Receiver.start();
    const { id, secret } = await must<{ id: string; secret: string }>(
      shop.stage.urls[0]!,
      'POST',
      '/v1/webhook-endpoints',
      { token: shop.secretKey, body: { url: receiver.url, ordered: character.ordered ?? false } },
    );
    return new Listener(character, id, shop, receiver, new Webhook(secret), random);
  }

  /** From now on it does not fail any more, and its operator asks for all that it refused before. `since`: RFC 3339. */
  async mend(since: string): Promise<void> {
    this.#isMended = true;
    const path = `/v1/webhook-endpoints/${this.id}/recover`;
    await insist(this.shop.stage, async () => {
      const { status } = await call(this.shop.stage, 'POST', path, { token: this.shop.secretKey, body: { since } });
      if (status >= 400 && status < 500) throw new Broken(`a recovery was refused: ${status}`);
      if (status === 0 || status >= 500) throw new Error(`a recovery answered ${status}`);
    });
  }

  close(): Promise<void> {
    return this.receiver.close();
  }

  readonly #take: Behaviour = (response, received, request) => {
    const arrival: Arrival = { eventId: received.id, accepted: false };
    this.arrivals.push(arrival);
    this.receiver.received.length = 0; // nobody looks there
    try {
      this.webhook.verify(received.body, { ...received.headers });
    } catch (error) {
      this.forgeries.push(`${received.id}: ${String(error)}`);
    }
    const luck = this.character.fails && !this.#isMended ? this.random() : 1;
    if (luck < REFUSED) return answering(500)(response, received, request);
    if (luck < REFUSED + CLOSED) return void response.destroy();
    if (luck < REFUSED + CLOSED + HANGING) return;
    const accept = (): void => {
      arrival.accepted = true;
      this.accepted.add(arrival.eventId);
      answering(204)(response, received, request);
    };
    if (this.character.takes === undefined) accept();
    else setTimeout(accept, this.character.takes);
  };
}
