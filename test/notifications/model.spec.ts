import { jest } from '@jest/globals';
import { examine } from '../../src/cli/doctor.js';
import type { Running } from '../../torture/running.js';
import { until } from '../queues/support/until.js';
import { aLogin, anApp, must, sandbox, type TestApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { aWorker } from '../support/worker.js';
import { type Account, books } from './model/books.js';
import { type Command, commands } from './model/commands.js';
import { type ModelTemplate, Player } from './model/player.js';
import { stockTemplates } from './support/stock-templates.js';

jest.setTimeout(600_000);

/** The same game in every run, so that a change is judged by what it changed; another seed plays another. */
const seed = Number(process.env['TORTURE_SEED'] ?? 303);
const STEPS = Number(process.env['TORTURE_STEPS'] ?? 500);
const PEOPLE = 10;
const DAY = 24 * 3_600;

describe('consents under a model', () => {
  let minibase: Minibase;
  let app: TestApp;
  let players: Player[];
  /** What sends is a process of its own, so that it can be killed. */
  let worker: Promise<Running>;
  let kills = 0;
  beforeAll(async () => {
    minibase = await startMinibase({ role: 'api', redisUrl: undefined });
    worker = aWorker(minibase);
    await worker;
    app = await anApp(minibase, ['wechat']);
    const templates = await twoTemplates();
    const of = { secretKey: app.secretKey, platformAppId: app.programs.wechat.platformAppId };
    players = [];
    for (let nth = 0; nth < PEOPLE; nth += 1) {
      const login = await aLogin(minibase, app, `person-${nth}`);
      players.push(new Player(minibase, of, `person-${nth}`, login, templates));
    }
  });
  afterAll(async () => {
    await (await worker).stop();
    await minibase.close();
  });

  /** With whatever it has on its way; another one goes on. */
  async function kill(): Promise<void> {
    kills += 1;
    const last = worker;
    worker = last.then(async (running) => {
      await running.kill();
      return aWorker(minibase);
    });
    await worker;
  }

  /** Two forms of the same template of the platform's library. */
  async function twoTemplates(): Promise<ModelTemplate[]> {
    const { platformAppId } = app.programs.wechat;
    const stock = await stockTemplates(minibase, 'wechat', platformAppId);
    const forms = stock.filter(({ kind }) => kind === 'one_time').slice(0, 2);
    const token = app.secretKey;
    for (const [nth, { templateId, fields }] of forms.entries()) {
      const given = Object.fromEntries(fields.map(({ name, example }) => [name, name.startsWith('thing') ? '{{item}}' : example])); // prettier-ignore
      const variables = [{ name: 'item', type: 'text', example: 'Tea' }];
      const body = { key: `form.${nth}`, variables, platforms: { wechat: { templateId, fields: given } } };
      await must(minibase.url, 'POST', '/v1/message-templates', { token, body });
    }
    return forms.map(({ templateId }, nth) => ({ key: `form.${nth}`, templateId }));
  }

  const fault = (match: object, over: object) => sandbox(minibase, 'faults', { match: { platform: 'wechat', ...match }, ...over }); // prettier-ignore
  const trouble = (what: string) => {
    const match = { direction: 'in', path: '/cgi-bin/message/subscribe/send' };
    return fault(match, /^-?\d+$/.test(what) ? { kind: 'code', code: what } : { kind: what });
  };
  const advance = async (seconds: number) => {
    const sql = 'update apps set clock_offset = clock_offset + $2 where id = $1';
    await minibase.database.dataSource.query(sql, [app.appId, seconds * 1_000]);
    minibase.forgetApps();
  };

  async function act(player: Player, command: Command): Promise<void> {
    switch (command.does) {
      case 'accept':
        return player.accept(command);
      case 'reject':
        return player.reject(command);
      case 'switchOff':
        return player.switchOff(command);
      case 'send':
        return player.send(command);
      case 'trouble':
        return void (await trouble(command.what));
      case 'mail':
        return void (await fault({ direction: 'out' }, { kind: command.what, milliseconds: 1_500 }));
      case 'kill':
        return kill();
      case 'advance':
        return advance(command.seconds);
    }
  }

  const read = () => books(minibase, app.appId, app.programs.wechat.platformAppId);
  const doneOf = ({ openid, templateId }: Account) =>
    players.find(({ login }) => login.identity.openid === openid)!.doneWith(templateId);
  const mayMiss = (one: Account): number => {
    const { accepted, lost } = doneOf(one);
    // A refusal takes back everything, also what was accepted while it was on its way.
    return one.refused > 0 ? accepted : lost + one.unknown;
  };
  const isRight = (one: Account): boolean =>
    one.claimed === 0 && one.reserved === 0 && one.waiting === 0 && one.granted <= one.left && one.left - one.granted <= mayMiss(one); // prettier-ignore

  test(`${STEPS} random steps of ${PEOPLE} people: the ledger ends as the platform has counted`, async () => {
    process.stderr.write(`The model of consents plays with TORTURE_SEED=${seed}.\n`);
    // From now on pushes grant.
    await players[0]!.accept({ does: 'accept', template: 0, told: 'platform', reportsAgain: false });
    await until('the first push', async () => (await read()).length === 1);
    const all = commands(seed, STEPS);
    await Promise.all(
      players.map(async (player, nth) => {
        for (const command of all.filter((_, step) => step % PEOPLE === nth)) await act(player, command);
      }),
    );
    expect(await examine(minibase.database.dataSource)).toEqual([]);

    await must(minibase.sandboxUrl, 'DELETE', '/_/faults');
    // What was on its way in a killed worker is unknown when its lease has passed.
    await until('nothing waits', async () => (await read()).every(({ waiting }) => waiting === 0), 120_000);
    await advance(DAY + 60);
    let end = await read();
    await until('both have counted the same', async () => (end = await read()).every(isRight), 60_000).catch(() => undefined); // prettier-ignore
    expect(end.filter((one) => !isRight(one)).map((one) => ({ ...one, mayMiss: mayMiss(one) }))).toEqual([]);
    expect(await examine(minibase.database.dataSource)).toEqual([]);
    const isUnkept = (one: Account): boolean => {
      const { lies, switchedOff } = doneOf(one);
      return (
        one.unreserved > 0 ||
        // Everybody got what was sent, and of what nobody knows at most that.
        one.received < one.sent ||
        one.received > one.sent + one.unknown ||
        // Only who lied, or switched off, is ever asked in vain.
        (one.refused > 0 && lies === 0 && switchedOff === 0)
      );
    };
    expect(end.filter(isUnkept).map((one) => ({ ...one, ...doneOf(one) }))).toEqual([]);
    const sum = (of: (one: Account) => number) => end.reduce((total, one) => total + of(one), 0);
    const played = { kills, sent: sum((one) => one.sent), unknown: sum((one) => one.unknown), refused: sum((one) => one.refused), left: sum((one) => one.left), granted: sum((one) => one.granted) }; // prettier-ignore
    process.stderr.write(`${JSON.stringify(played)}\n`);
    expect(played.sent).toBeGreaterThan(STEPS / 20);
    expect(kills).toBeGreaterThan(0);
  });
});
