import { describeError } from './described-error.js';

class StatementFailed extends Error {
  override readonly name = 'StatementFailed';
  readonly code = '23505';
  readonly parameters = ['+8613800138000'];
  readonly query = 'insert into users (phone) values ($1)';
  readonly driverError = { detail: 'Key (phone)=(+8613800138000) already exists.' };
}

describe('an error in the log', () => {
  test('shows its type, message, code and stack, and nothing that a driver hung on it', () => {
    const described = describeError(new StatementFailed('duplicate key'));
    expect(described).toMatchObject({ type: 'StatementFailed', message: 'duplicate key', code: '23505' });
    expect(Object.keys(described).sort()).toEqual(['code', 'message', 'stack', 'type']);
    expect(JSON.stringify(described)).not.toContain('13800138000');
  });

  test('shows its causes, three levels at most', () => {
    const deep = [1, 2, 3, 4, 5].reduce<Error>(
      (cause, level) => new Error(`level ${level}`, { cause }),
      new Error('root'),
    );
    const levels: string[] = [];
    for (let one: ReturnType<typeof describeError> | undefined = describeError(deep); one; one = one.cause)
      levels.push(one.message);
    expect(levels).toEqual(['level 5', 'level 4', 'level 3']);
  });

  test('that goes in circles ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error))).toContain('round');
  });

  test.each(['a secret text', { secret: 1 }, undefined, null, 7])(
    '%j, thrown instead of an error, is not shown',
    (thrown) => {
      expect(describeError(thrown)).toEqual({ type: typeof thrown, message: 'what was thrown is no error' });
    },
  );
});
