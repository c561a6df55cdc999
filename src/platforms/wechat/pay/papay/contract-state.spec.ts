import { contractState, noticedState } from './contract-state.js';

const signed = {
  contract_code: 'a'.repeat(26),
  contract_id: '202611200000028648',
  contract_signed_time: '2026-11-20 18:00:00',
  contract_expired_time: '2036-11-20 18:00:00',
  openid: 'o1',
};
const endedAt = new Date('2026-12-01T04:00:00Z');

test('a contract that holds is active', () => {
  expect(contractState({ ...signed, contract_state: '0', contract_termination_mode: '0' })).toEqual({
    kind: 'active',
    contractId: '202611200000028648',
    signedAt: new Date('2026-11-20T10:00:00Z'),
    endsAt: new Date('2036-11-20T10:00:00Z'),
    payer: 'o1',
  });
});

test('its times are Unix seconds in one recorded answer, and an end is not always told', () => {
  const recorded = { ...signed, contract_state: '0', contract_signed_time: '1795168800', contract_expired_time: '0' };
  expect(contractState(recorded)).toMatchObject({ signedAt: new Date(1_795_168_800_000), endsAt: null });
});

test.each([
  ['1', 'expired', 'platform'],
  ['2', 'terminated', 'user'],
  ['3', 'terminated', 'merchant'],
  ['4', 'terminated', 'merchant'],
  ['5', 'terminated', 'user'],
  ['9', 'terminated', 'platform'],
])('one that ended by %s is %s by the %s', (contract_termination_mode, how, by) => {
  const end = { contract_termination_mode, contract_terminated_time: '2026-12-01 12:00:00' };
  expect(contractState({ ...signed, contract_state: '1', ...end })).toEqual({ kind: 'ended', how, by, endedAt });
  const notice = { ...signed, mch_id: '1', change_type: 'DELETE', operate_time: '2026-12-01 12:00:00', ...end };
  expect(noticedState(notice)).toEqual({ kind: 'ended', how, by, endedAt });
});

test('one that was signed once and holds no more is over, whoever ended it', () => {
  expect(contractState({ ...signed, contract_state: '1' })).toEqual({
    kind: 'ended',
    how: 'terminated',
    by: 'platform',
    endedAt: null,
  });
});

test('one that was never signed is absent, one that is being signed is pending', () => {
  const unsigned = { contract_code: 'a'.repeat(26), contract_termination_mode: '0', contract_terminated_time: '0' };
  expect(contractState({ ...unsigned, contract_state: '1' })).toEqual({ kind: 'absent' });
  expect(contractState({ ...unsigned, contract_state: '9' })).toEqual({ kind: 'pending' });
});

test.each([
  ['a new state', { ...signed, contract_state: '2' }],
  ['no id', { ...signed, contract_state: '0', contract_id: '' }],
  ['no time of signing', { ...signed, contract_state: '0', contract_signed_time: 'today' }],
])('%s is not believed', (_, contract) => {
  expect(contractState(contract)).toBeUndefined();
});

test('a notification tells of signing, and of nothing that is not documented', () => {
  const notice = { ...signed, mch_id: '1', change_type: 'ADD', operate_time: '2026-11-20 18:00:00' };
  expect(noticedState(notice)).toMatchObject({ kind: 'active', signedAt: new Date('2026-11-20T10:00:00Z') });
  expect(noticedState({ ...notice, operate_time: '' })).toBeUndefined();
  expect(noticedState({ ...notice, change_type: 'PAUSE' })).toBeUndefined();
});
