import type { ClientAction } from '../../payments/support/shop.js';
import { Broken, type Reply } from '../../payments/model/stage.js';
import type { Club, Member } from './club.js';
import type { Command, Visit } from './commands.js';

type Doing<Name extends Command['does']> = Extract<Command, { does: Name }>;

interface Started {
  readonly subscription?: { readonly id: string; readonly status: string };
  readonly clientAction?: ClientAction;
}

const CONTRACT = 'select number from mandates where app_id = $1 and subscription_id = $2 order by id desc limit 1';
const OPEN_INVOICE = `select id from invoices where app_id = $1 and subscription_id = $2 and status = 'open' order by id limit 1`;

/** Problems that no wish may have. */
const NEVER = ['platform_settings_missing', 'price_not_found', 'validation_failed', 'subscription_not_found'];

/** Carries out commands in one club. Gives a line for the trace. */
export class Actions {
  readonly counts: Record<string, number> = {};
  /** Answers by what was asked: `change 409 subscription_not_ready`. */
  readonly answers: Record<string, number> = {};

  constructor(private readonly club: Club) {}

  async run(command: Command): Promise<string> {
    this.counts[command.does] = (this.counts[command.does] ?? 0) + 1;
    switch (command.does) {
      case 'subscribe':
        return this.#subscribe(command);
      case 'wallet':
        return this.#wallet(command);
      case 'fault':
        return this.#fault(command);
      default:
        return this.#live(command);
    }
  }

  async #live(command: Exclude<Command, Doing<'subscribe' | 'wallet' | 'fault'>>): Promise<string> {
    const { subscriptions } = this.club;
    const one = subscriptions[subscriptions.length - 1 - Math.floor(command.at ** 1.3 * subscriptions.length)];
    if (!one) return 'nobody has subscribed';
    const { id, member } = one;
    const line = await this.#act(command, id, member);
    this.club.note(id, `${command.does}: ${line}`);
    return `${id} ${line}`;
  }

  async #act(
    command: Exclude<Command, Doing<'subscribe' | 'wallet' | 'fault'>>,
    id: string,
    member: Member,
  ): Promise<string> {
    const path = `/v1/subscriptions/${id}`;
    switch (command.does) {
      case 'visit':
        return this.#visit(await this.#said('read', this.club.ask<ClientActionOf>('GET', path)), command.visit, member);
      case 'read':
        return this.#line('read', await this.club.ask('GET', `/v1/invoices?subscriptionId=${id}`));
      case 'pay':
        return this.#pay(id, member, command);
      case 'cancel':
        return this.#line('cancel', await this.club.ask('POST', `${path}/cancel`, { at: command.when }));
      case 'pause':
        return this.#line('pause', await this.club.ask('POST', `${path}/pause`));
      case 'resume':
        return this.#visit(await this.#said('resume', this.club.ask<Started>('POST', `${path}/resume`)), command.visit, member); // prettier-ignore
      case 'change':
        return this.#change(path, command, member);
      case 'leave':
        return this.#leave(id, command.by, member);
      case 'terminate':
        return this.#terminate(id);
    }
  }

  async #subscribe({ person, price, quantity, isManual, visit }: Doing<'subscribe'>): Promise<string> {
    const member = this.club.members[person % this.club.members.length]!;
    const body = { userId: member.userId, priceId: this.club.prices[price], quantity, platform: member.platform };
    const renewal = isManual ? 'manual' : 'automatic';
    const reply = await this.#said('subscribe', this.club.ask<Started>('POST', '/v1/subscriptions', { ...body, renewal })); // prettier-ignore
    const id = reply.body.subscription?.id;
    if (id === undefined) return `${reply.status} ${reply.body.code ?? ''}`;
    this.club.subscriptions.push({ id, member });
    const line = await this.#visit(reply, visit, member);
    this.club.note(
      id,
      `${member.name} subscribes to ${quantity} × ${price} on ${member.platform}, ${renewal}: ${line}`,
    );
    return `${id} ${line}`;
  }

  async #change(path: string, { price, quantity, when, visit }: Doing<'change'>, member: Member): Promise<string> {
    const body = {
      priceId: this.club.prices[price],
      quantity,
      at: when,
    };
    const reply = await this.#said('change', this.club.ask<Started>('POST', `${path}/change`, body));
    return `to ${quantity} × ${price} ${when}: ${await this.#visit(reply, visit, member)}`;
  }

  async #pay(id: string, { platform, name }: Member, { outcome }: Doing<'pay'>): Promise<string> {
    const [invoice] = await this.club.rows<{ id: string }>(OPEN_INVOICE, id);
    if (!invoice) return 'nothing to pay';
    const path = `/v1/invoices/${invoice.id}/pay`;
    const reply = await this.#said('pay', this.club.ask<ClientActionOf>('POST', path, { platform }));
    return this.#visit(reply, { outcome, signs: true }, { platform, name, userId: '' });
  }

  async #leave(id: string, by: string, { platform }: Member): Promise<string> {
    const [contract] = await this.club.rows<{ number: string }>(CONTRACT, id);
    if (!contract) return 'no contract';
    const body = { platform, number: contract.number, does: 'terminate', by };
    const { status, body: said } = await this.club.atPlatform('contract', body);
    return `by ${by} ${status} ${status === 200 ? '' : JSON.stringify(said)}`;
  }

  async #terminate(id: string): Promise<string> {
    const sql = 'select mandate_id as id from subscriptions where app_id = $1 and id = $2 and mandate_id is not null';
    const [mandate] = await this.club.rows<{ id: string }>(sql, id);
    if (!mandate) return 'no mandate';
    return this.#line('terminate', await this.club.ask('POST', `/v1/mandates/${mandate.id}/terminate`));
  }

  async #wallet({ person, times, isFull }: Doing<'wallet'>): Promise<string> {
    const { name, platform } = this.club.members[person % this.club.members.length]!;
    const { platformAppId } = this.club.shop.programs[platform]!;
    const empty = { balance: 'empty', ...(times !== null && { times }) };
    const body = { platform, platformAppId, user: name, ...(isFull ? { balance: 'full' } : empty) };
    const { status } = await this.club.atPlatform('wallet', body);
    const line = `the wallet is ${isFull ? 'full' : `empty ${times ?? 'for ever'}`}: ${status}`;
    for (const one of this.club.subscriptions) if (one.member.name === name) this.club.note(one.id, line);
    return `${name} ${line}`;
  }

  async #fault({ platform, fault: { direction, path, ...fault } }: Doing<'fault'>): Promise<string> {
    const { platformAppId } = this.club.shop.programs[platform]!;
    const match = { platform, ...(direction && { direction }), ...(path && { path }) };
    const { status } = await this.club.atPlatform('faults', { ...fault, match });
    return `${platform} (${platformAppId}) ${fault.kind}: ${status}`;
  }

  /** Does on the page that opens what the person wants. */
  async #visit(reply: Reply<ClientActionOf>, { outcome, signs }: Visit, { name }: Member): Promise<string> {
    const { status, body } = reply;
    const said = `${status} ${body.code ?? ''}`;
    if (!body.clientAction || outcome === 'later') return body.clientAction ? `${said} later` : said;
    const page = { clientAction: body.clientAction, user: name, outcome, ...(signs ? {} : { sign: false }) };
    const { status: done, body: shown } = await this.club.atPlatform('cashier', page);
    return `${said} ${body.clientAction.method} ${outcome}${signs ? '' : ' without signing'}: ${done} ${JSON.stringify(shown).slice(0, 60)}`; // prettier-ignore
  }

  async #said<T>(what: string, asked: Promise<Reply<T>>): Promise<Reply<T>> {
    const reply = await asked;
    this.#line(what, reply);
    return reply;
  }

  #line(what: string, { status, body }: Reply<unknown>): string {
    const { code } = body as { code?: string };
    if (NEVER.includes(code ?? '')) throw new Broken(`${what} was answered ${status} ${JSON.stringify(body)}`);
    const line = `${status} ${code ?? ''}`.trim();
    this.answers[`${what} ${line}`] = (this.answers[`${what} ${line}`] ?? 0) + 1;
    return line;
  }
}

interface ClientActionOf {
  readonly clientAction?: ClientAction;
}
