import { type Fields, TestSandbox } from '../testing/test-sandbox.js';
import { PAID, WechatProgram } from '../testing/wechat-program.js';

let sandbox: TestSandbox;
let program: WechatProgram;
let apps = 0;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  program = await WechatProgram.register(sandbox, `wx${String((apps += 1)).padStart(16, '0')}`);
});

const APP = () => ({ platform: 'wechat', platformAppId: program.platformAppId });
const accepted = async (user: string, times = 1, index = 0): Promise<string> => {
  for (let time = 0; time < times; time += 1) await program.consent(user, [program.templateIds[index] ?? '']);
  return program.openid(user);
};

describe('the dialog', () => {
  test('gives what wx.requestSubscribeMessage gives, and each acceptance counts', async () => {
    const [paid, shipped] = program.templateIds;
    const answer = { [paid]: 'acceptWithAudio', [shipped]: 'reject' };
    const result = await program.consent('ann', [paid, shipped], { answer });
    expect(result).toEqual({ ...answer, errMsg: 'requestSubscribeMessage:ok' });
    await program.consent('ann', [paid]);
    await sandbox.restart();
    expect(await program.consents('ann')).toMatchObject([
      { user: 'ann', templateId: paid, left: 2, subscribed: false },
      { templateId: shipped, left: 0, subscribed: false },
    ]);
  });

  test('a kept answer counts again and again, whatever is said now', async () => {
    const [paid, shipped] = program.templateIds;
    await program.consent('bob', [paid], { keep: true });
    await program.consent('bob', [shipped], { keep: true, answer: 'reject' });
    expect(await program.consent('bob', [paid, shipped], { answer: 'filter' })).toMatchObject({
      [paid]: 'accept',
      [shipped]: 'reject',
    });
    expect(await program.consents('bob')).toMatchObject([{ left: 2, kept: 'accept' }, { left: 0 }]);
  });

  test('what is asked wrongly fails as in the client', async () => {
    const [paid, , progress] = program.templateIds;
    expect(await program.consent('cat', [])).toMatchObject({ errCode: 10001 });
    expect(await program.consent('cat', ['nothing'])).toMatchObject({ errCode: 20001 });
    expect(await program.consent('cat', [paid, progress])).toMatchObject({ errCode: 20002 });
    expect(await program.consent('cat', [paid, paid, paid, paid, paid, paid])).toMatchObject({ errCode: 20003 });
    expect(await program.consents('cat')).toEqual([]);
  });

  test('switching off in the settings takes everything back', async () => {
    await accepted('dan', 3);
    await program.consent('dan', [program.templateIds[0]], { settings: true, answer: 'reject' });
    expect(await program.consents('dan')).toMatchObject([{ left: 0 }]);
  });
});

describe('sending', () => {
  test('a message arrives, and uses one acceptance up', async () => {
    const openid = await accepted('eve', 2);
    const answer = await program.send(openid, { page: 'orders/show?id=1', miniprogram_state: 'formal', lang: 'en_US' });
    expect(answer).toMatchObject({ errcode: 0, errmsg: 'ok', msgid: expect.any(Number) as unknown });
    expect(await program.send(openid)).toMatchObject({ errcode: 0 });
    expect(await program.send(openid)).toMatchObject({ errcode: 43101 });
    await sandbox.restart();
    const data = { thing1: '一杯咖啡', amount2: '￥12.34', time3: '2026年11月20日 15:01' };
    expect(await program.messages('eve')).toMatchObject([
      { ...APP(), user: 'eve', openid, title: '订单支付成功通知', data, page: 'orders/show?id=1' },
      { page: null },
    ]);
  });

  test('a long-term template takes any number until the person refuses', async () => {
    const template_id = program.templateIds[2];
    const data = { thing1: { value: '居住证' }, phrase2: { value: '审核中' }, date3: { value: '2026年11月20日' } };
    const openid = await accepted('fay', 1, 2);
    const send = (): Promise<Fields> => program.send(openid, { template_id, data });
    expect([await send(), await send()]).toMatchObject([{ errcode: 0 }, { errcode: 0 }]);
    await program.consent('fay', [template_id], { answer: 'reject' });
    expect(await send()).toMatchObject({ errcode: 43101 });
  });

  test.each<[string, (openid: string) => Fields, number]>([
    ['an openid of nobody', () => ({ touser: 'oNobody' }), 40003],
    ['an unknown template', () => ({ template_id: 'x' }), 40037],
    ['no data', () => ({ data: undefined }), 47001],
    ['a number instead of a text', () => ({ data: { ...PAID, thing1: { value: 1 } } }), 47001],
    ['a missing field', () => ({ data: { thing1: PAID.thing1 } }), 47003],
    ['a field that the template has not', () => ({ data: { ...PAID, thing9: { value: 'x' } } }), 47003],
    ['a bad value', () => ({ data: { ...PAID, amount2: { value: 'much' } } }), 47003],
    ['a bad page', () => ({ page: 'a page' }), 41030],
    ['a bad state', () => ({ miniprogram_state: 'released' }), 40035],
  ])('%s is refused, and uses nothing up', async (_what, over, errcode) => {
    const openid = await accepted('gil');
    expect(await program.send(openid, over(openid))).toMatchObject({ errcode });
    expect(await program.consents('gil')).toMatchObject([{ left: 1 }]);
  });

  test('an answer of 47003 names the field', async () => {
    const openid = await accepted('hal');
    const { errmsg } = await program.send(openid, { data: { ...PAID, thing1: { value: '' } } });
    expect(errmsg).toMatch(/^argument invalid! data\.thing1\.value is emtpy rid: /);
  });

  test('two messages to one person at once: one of them is refused', async () => {
    const openid = await accepted('ivy', 2);
    await sandbox.post('/_/limits', { ...APP(), milliseconds: 200 });
    const answers = await Promise.all([program.send(openid), program.send(openid)]);
    expect(answers.map(({ errcode }) => errcode).sort()).toEqual([0, 43108]);
    expect(await program.send(openid)).toMatchObject({ errcode: 0 });
  });

  test('limits answer with their own numbers; the highest rate is measured', async () => {
    const openid = await accepted('jan', 9);
    await sandbox.post('/_/limits', { ...APP(), perSecond: 2, perDay: 3 });
    const codes: unknown[] = [];
    for (const seconds of [0, 0, 0, 1, 0]) {
      sandbox.advance({ seconds });
      codes.push((await program.send(openid)).errcode);
    }
    expect(codes).toEqual([0, 0, 45011, 0, 45009]);
    expect(await sandbox.get('/_/rates', APP())).toMatchObject({ highest: 3, limit: 2, today: 3, perDay: 3 });
    sandbox.advance({ minutes: 24 * 60 });
    await sandbox.post('/_/limits', { ...APP(), perDay: null });
    expect(await sandbox.get('/_/rates', APP())).toMatchObject({ highest: 0, today: 0, perDay: null });
  });

  test('a fault answers any code, and takes nothing', async () => {
    const openid = await accepted('kim');
    const path = '/cgi-bin/message/subscribe/send';
    for (const code of ['43107', '45168', '-1']) {
      await sandbox.post('/_/faults', { match: { platform: 'wechat', path }, kind: 'code', code });
      expect(await program.send(openid)).toMatchObject({ errcode: Number(code) });
    }
    expect(await program.consents('kim')).toMatchObject([{ left: 1 }]);
  });
});

describe('templates', () => {
  test('are the same for one mini-program each time, and others for another', async () => {
    const again = await sandbox.account('wechat', { platformAppId: program.platformAppId });
    expect(again.templates).toEqual(program.account.templates);
    const other = await sandbox.account('wechat', {});
    expect(other.templates).not.toEqual(again.templates);
    for (const id of program.templateIds) expect(id).toMatch(/^[\w-]{43}$/);
  });

  test('are listed, added and deleted', async () => {
    const { data } = await program.get('/wxaapi/newtmpl/gettemplate');
    expect(data).toMatchObject([{ priTmplId: program.templateIds[0], type: 2 }, { type: 2 }, { type: 3 }]);
    expect((data as Fields[])[0]?.content).toBe(
      '商品名称:{{thing1.DATA}}\n支付金额:{{amount2.DATA}}\n支付时间:{{time3.DATA}}\n',
    );
    const { priTmplId } = await program.post('/wxaapi/newtmpl/addtemplate', { tid: 1001, kidList: [1, 5] });
    expect((await program.get('/wxaapi/newtmpl/gettemplate')).data).toHaveLength(4);
    expect(await program.post('/wxaapi/newtmpl/deltemplate', { priTmplId })).toMatchObject({ errcode: 0 });
    expect(await program.post('/wxaapi/newtmpl/deltemplate', { priTmplId })).toMatchObject({ errcode: 40037 });
    expect((await program.get('/wxaapi/newtmpl/gettemplate')).data).toHaveLength(3);
  });

  test('come from the public library', async () => {
    const { data: categories } = await program.get('/wxaapi/newtmpl/getcategory');
    const ids = (categories as { id: number }[]).map(({ id }) => id).join();
    expect(await program.get('/wxaapi/newtmpl/getpubtemplatetitles', { ids, start: '0', limit: '1' })).toMatchObject({
      count: 3,
      data: [{ tid: 1001 }],
    });
    expect(await program.get('/wxaapi/newtmpl/getpubtemplatekeywords', { tid: '1001' })).toMatchObject({ count: 5 });
    expect(await program.post('/wxaapi/newtmpl/addtemplate', { tid: 1, kidList: [1, 2] })).toMatchObject({
      errcode: 200014,
    });
    expect(await program.post('/wxaapi/newtmpl/addtemplate', { tid: 1001, kidList: [1] })).toMatchObject({
      errcode: 200020,
    });
  });
});
