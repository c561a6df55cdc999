import { randomUUID } from 'node:crypto';
import type { Ask } from '../../support/client.js';
import type { Attempt, ClientAction, Payment, Refund } from '../support/shop.js';
import type { Command } from './commands.js';
import { forge, replay } from './mail.js';
import { addFault } from './misfortune.js';
import type { ModelShop, Person, Sent } from './shop.js';
import { Broken, call, insist, play, type Reply } from './stage.js';
import type { Watch } from './watch.js';

type Doing<Name extends Command['does']> = Extract<Command, { does: Name }>;
/** Business time for which a client's parameters are tried. */
const OLD_MS = 3_500_000;

interface Write {
  readonly token: string;
  readonly keyed?: boolean;
  readonly sent?: Sent;
}

/** Carries out commands in one shop, and checks what every answer promises. Gives a line for the trace. */
export class Actions {
  constructor(
    private readonly shop: ModelShop,
    private readonly watch: Watch,
  ) {}

  run(command: Command): Promise<string> {
    switch (command.does) {
      case 'create':
        return this.#create(command);
      case 'buy':
        return this.#buy(command);
      case 'attempt':
        return this.#attempt(command);
      case 'tap':
        return this.#tap(command);
      case 'cancel':
      case 'refresh':
        return this.#tell(command);
      case 'refund':
        return this.#refund(command);
      case 'refundBurst':
        return this.#refundBurst(command);
      case 'consoleRefund':
        return this.#consoleRefund(command);
      case 'decide':
        return this.#decide(command);
      case 'repeat':
        return this.#repeat(command);
      case 'replay':
        return replay(this.shop, command);
      case 'forge':
        return forge(this.shop, command);
      case 'fault':
        return addFault(this.shop, command);
      case 'clock':
        return this.shop.advance(command.seconds).then(() => `+${command.seconds} s`);
    }
  }

  async #create({ person, platform, fen, reference, soon, keyed }: Doing<'create'>): Promise<string> {
    const payer = this.shop.people[person % this.shop.people.length]!;
    const body = {
      ...{ userId: payer.userId, amount: fen, subject: 'Coffee', expiresIn: soon ? 300 : 7_200 },
      ...(platform && { platform }),
      // A few amounts for few references: often the same content, sometimes another.
      ...(reference !== null && { reference: `order-${reference}`, amount: (reference % 7) * 100 + 100 + (fen % 2) }),
    };
    return this.#made(await this.#write('/v1/payments', body, { token: this.shop.secretKey, keyed }), payer);
  }

  async #buy({ person, platform, quantity, keyed }: Doing<'buy'>): Promise<string> {
    const payer = this.shop.people[person % this.shop.people.length]!;
    const body = { priceId: this.shop.priceId, quantity, platform };
    return this.#made(
      await this.#write('/v1/me/payments', body, { token: await this.shop.tokenOf(payer), keyed }),
      payer,
    );
  }

  async #made(reply: Reply<Payment>, person: Person): Promise<string> {
    const id = reply.status < 300 && reply.status > 0 ? reply.body.id : reply.body.paymentId;
    if (id === undefined) return `${reply.status} ${reply.body.code ?? ''}`;
    const said = `${id} ${reply.status} ${reply.body.code ?? reply.body.status}`;
    this.watch.note(id, `made: ${said}`);
    this.shop.payments.add({ id, person, amount: reply.body.amount ?? 1_000 });
    if (reply.status < 300) this.#sawPayment(reply.body, new Map(), person);
    await this.watch.look(this.shop.appId, id);
    return said;
  }

  async #attempt({ at, platform, mine }: Doing<'attempt'>): Promise<string> {
    const payment = this.shop.payments.pick(at);
    if (!payment) return 'nothing there';
    const { id, person } = payment;
    const path = `/v1${mine ? '/me' : ''}/payments/${id}/attempts`;
    const token = mine ? await this.shop.tokenOf(person) : this.shop.secretKey;
    const known = this.watch.known(id);
    const { status, body } = await this.#write<{ attempt: Attempt; clientAction?: ClientAction }>(
      path,
      { platform },
      { token, keyed: true },
    );
    if (status === 201 || status === 200) {
      this.watch.told(id, { kind: 'attempt', id: body.attempt.id, status: body.attempt.status }, known);
      this.#offer(id, person, body.clientAction);
    }
    return this.#after(id, `attempt on ${platform}: ${status} ${body.code ?? ''}`);
  }

  /** The person taps, and pays or not; also long after the payment was given up. */
  async #tap({ at, outcome, twice }: Doing<'tap'>): Promise<string> {
    const offer = this.shop.offers.pick(at);
    if (!offer) return 'nothing there';
    const { clientAction, person, paymentId, since } = offer;
    const tap = () => play(this.shop.stage, 'cashier', { clientAction, user: person.name, outcome });
    // A signature ages in the machine's time. One of an hour, as Douyin takes it, is not to last over days of the other.
    const taps = await this.shop.between(async () => {
      if (clientAction.platform === 'douyin' && this.shop.now() - since > OLD_MS) return [];
      return Promise.all(twice ? [tap(), tap()] : [tap()]);
    });
    const said = taps.map(({ status, body }) => `${status} ${JSON.stringify(body).slice(0, 80)}`).join(' and ');
    return this.#after(paymentId, `tap ${clientAction.platform} ${outcome}: ${said}`);
  }

  async #tell({ does, at, mine }: Doing<'cancel' | 'refresh'>): Promise<string> {
    const payment = this.shop.payments.pick(at);
    if (!payment) return 'nothing there';
    const { id, person } = payment;
    const known = this.watch.known(id);
    const token = mine ? await this.shop.tokenOf(person) : this.shop.secretKey;
    const reply = await call<Payment>(this.shop.stage, 'POST', `/v1${mine ? '/me' : ''}/payments/${id}/${does}`, {
      token,
    });
    if (reply.status === 200 || reply.status === 201) this.#sawPayment(reply.body, known, person);
    return this.#after(id, `${does}: ${reply.status} ${reply.body.code ?? reply.body.status}`);
  }

  async #refund({ at, part, reference, keyed }: Doing<'refund'>): Promise<string> {
    const payment = this.shop.payments.pick(at);
    if (!payment) return 'nothing there';
    const amount = part === null ? undefined : partOf(payment.amount, part);
    const body = {
      paymentId: payment.id,
      ...(amount === undefined ? {} : { amount }),
      ...(reference === null ? {} : { reference: `back-${reference}` }),
    };
    const reply = await this.#write<Refund>('/v1/refunds', body, { token: this.shop.secretKey, keyed });
    return this.#sawRefund(payment.id, reply, `refund of ${amount ?? 'the rest'}`);
  }

  /** Several at once, which together may be more than there is; or the very same several times. */
  async #refundBurst({ at, part, count, same }: Doing<'refundBurst'>): Promise<string> {
    const payment = this.shop.payments.pick(at);
    if (!payment) return 'nothing there';
    const amount = partOf(payment.amount, part);
    const reference = same ? { reference: `burst-${randomUUID()}` } : {};
    const body = { paymentId: payment.id, amount, ...reference };
    const replies = await Promise.all(
      Array.from({ length: count }, () => this.#write<Refund>('/v1/refunds', body, { token: this.shop.secretKey })),
    );
    const made = replies.filter(({ status }) => status === 200 || status === 201).map((reply) => reply.body.id);
    if (same) await this.#mustBeOne(payment.id, [...new Set(made)]);
    if (!same && new Set(made).size < made.length) throw new Broken('two refunds are one', payment.id);
    for (const reply of replies) this.#toldRefund(payment.id, reply);
    return this.#after(payment.id, `${count} refunds of ${amount}: ${replies.map(({ status }) => status).join(' ')}`);
  }

  /** A reference is free again once its refund has failed: then the next request makes another. */
  async #mustBeOne(paymentId: string, made: readonly string[]): Promise<void> {
    if (made.length < 2) return;
    const { stage, appId } = this.shop;
    const going = await insist(stage, () =>
      stage.query<{ id: string }>(
        'model-one',
        `select id from refunds where app_id = $1 and id = any($2) and status not in ('failed', 'rejected')`,
        [appId, made],
      ),
    );
    if (going.length > 1) throw new Broken(`one reference made ${going.map(({ id }) => id).join(' and ')}`, paymentId);
  }

  async #consoleRefund({ at, part, by }: Doing<'consoleRefund'>): Promise<string> {
    const payment = this.shop.payments.pick(at);
    if (!payment) return 'nothing there';
    const reply = await call<Payment>(this.shop.stage, 'GET', `/v1/payments/${payment.id}`, {
      token: this.shop.secretKey,
    });
    const attempt = reply.status === 200 && reply.body.attempts.find(({ status }) => status === 'succeeded');
    if (!attempt) return 'not paid';
    const amount = part === null ? undefined : partOf(reply.body.amount, part);
    const { platform, number } = attempt;
    const asked = { platform, number, ...(amount === undefined ? {} : { amount }) };
    const { status, body } = await play(this.shop.stage, 'refund', platform === 'douyin' ? { ...asked, by } : asked);
    return this.#after(
      payment.id,
      `console refund of ${amount ?? 'the rest'} by ${by}: ${status} ${JSON.stringify(body)}`,
    );
  }

  /** About a refund that somebody asked for at the platform, or about one where nothing is to be decided. */
  async #decide({ at, approve }: Doing<'decide'>): Promise<string> {
    const token = this.shop.secretKey;
    const { body } = await call<{ data?: (Refund & { paymentId: string })[] }>(
      this.shop.stage,
      'GET',
      '/v1/refunds?status=requested&limit=50',
      { token },
    );
    const waiting = (body.data ?? []).filter(({ decideBefore }) => decideBefore !== null);
    const refund = waiting[Math.floor(at * waiting.length)];
    if (!refund) return 'nobody waits';
    const answer = approve
      ? { path: 'approve', body: {} }
      : { path: 'reject', body: { reason: 'The goods were used.' } };
    const path = `/v1/refunds/${refund.id}/${answer.path}`;
    const reply = await call<Refund>(this.shop.stage, 'POST', path, {
      token,
      ...(approve ? {} : { body: answer.body }),
    });
    return this.#sawRefund(refund.paymentId, reply, answer.path);
  }

  /** The same request again under its key: the same answer; with another content: a refusal. */
  async #repeat({ at, changed }: Doing<'repeat'>): Promise<string> {
    const sent = this.shop.sent.pick(at);
    if (!sent) return 'nothing there';
    const { path, key, body, token } = sent;
    const field = 'subject' in body ? { subject: 'Tea' } : { reason: 'changed', amount: 1, platform: 'nowhere' };
    if (!changed) {
      const reply = await this.#write<{ id: string }>(path, body, { token: token(), sent });
      return `${path} again: ${reply.status} ${reply.body.code ?? ''}`;
    }
    const reply = await call(this.shop.stage, 'POST', path, { token: token(), key, body: { ...body, ...field } });
    const isRefused = reply.status >= 400 || reply.status === 0;
    if (sent.made !== undefined && !isRefused) {
      throw new Broken(`the key of ${sent.made} was taken with another body: ${reply.status}`);
    }
    return `${path} changed: ${reply.status} ${reply.body.code ?? ''}`;
  }

  /** A write, perhaps under a key; what a key has made stays what it made. */
  async #write<T = Payment>(
    path: string,
    body: Record<string, unknown>,
    { token, keyed, sent }: Write,
  ): Promise<Reply<T>> {
    const { stage } = this.shop;
    const asked: Ask = { token, body };
    const mine: Sent | undefined = sent ?? (keyed ? { path, key: randomUUID(), body, token: () => token, made: undefined } : undefined); // prettier-ignore
    const madeBefore = mine?.made;
    const reply = await call<T>(stage, 'POST', path, mine ? { ...asked, key: mine.key } : asked);
    if (!mine) return reply;
    if (!sent) this.shop.sent.add(mine);
    const made = path.endsWith('/attempts') && reply.status >= 300 ? undefined : madeBy(reply);
    if (made === undefined) return reply;
    if (mine.made !== undefined && mine.made !== made) {
      throw new Broken(`one key made ${mine.made} and ${made} (${path})`);
    }
    if (madeBefore !== undefined && reply.status < 300 && !reply.replayed) {
      throw new Broken(`a repeat of ${madeBefore} does not say that it is one`);
    }
    mine.made = made;
    return reply;
  }

  async #sawRefund(paymentId: string, reply: Reply<Refund>, what: string): Promise<string> {
    const { status, body } = reply;
    this.#toldRefund(paymentId, reply);
    return this.#after(paymentId, `${what}: ${status} ${body.code ?? `${body.id} ${body.status}`}`);
  }

  #toldRefund(paymentId: string, { status, body }: Reply<Refund>): void {
    if (status === 200 || status === 201) {
      this.watch.told(paymentId, { kind: 'refund', id: body.id, status: body.status });
    }
  }

  #sawPayment(payment: Payment, known: ReadonlyMap<string, string>, person: Person): void {
    const { id, status, attempts, clientAction } = payment;
    this.watch.told(id, { kind: 'payment', id, status }, known);
    for (const attempt of attempts)
      this.watch.told(id, { kind: 'attempt', id: attempt.id, status: attempt.status }, known);
    this.#offer(id, person, clientAction);
  }

  #offer(paymentId: string, person: Person, clientAction: ClientAction | undefined): void {
    if (clientAction) this.shop.offers.add({ paymentId, person, clientAction, since: this.shop.now() });
  }

  async #after(paymentId: string, line: string): Promise<string> {
    this.watch.note(paymentId, line);
    await this.watch.look(this.shop.appId, paymentId);
    return `${paymentId} ${line}`;
  }
}

const partOf = (amount: number, part: number): number => Math.max(1, Math.floor(amount * part));

/** The id of what a write made, also where the platform failed afterwards and the answer names it. */
function madeBy<T>({ status, body }: Reply<T>): string | undefined {
  if (status === 0) return undefined;
  const isPayment = body.code === 'payment_refused' || body.code?.startsWith('platform_');
  if (status >= 300) return isPayment ? body.paymentId : undefined;
  const { id, attempt } = body as { id?: string; attempt?: { id: string } };
  return attempt?.id ?? id;
}
