import type { IdentityView } from '../../auth/auth.schemas.js';
import type { SessionView } from '../../auth/me.schemas.js';
import { StartError } from '../../common/start-error.js';
import { PLATFORM_CODES, type PlatformCode } from '../../platforms/platform.js';
import type { Scene } from './scene.js';
import type { Person, Program, Stage } from './stage.js';

export const userCreated: Scene = {
  does: 'somebody logs in for the first time',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { user, name } = await newcomer(stage, platforms);
    if (!user.isNew) throw new StartError(`${name} has been here before: name somebody else with --user.`);
    return { streamId: user.id };
  },
};

export const userUpdated: Scene = {
  does: 'your server changes a nickname',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { user } = await newcomer(stage, platforms);
    const after = await stage.newest({ type: 'user.updated', streamId: user.id });
    const nickname = `Ming ${Date.now() % 100_000}`;
    await stage.ask(`/v1/users/${user.id}`, { method: 'PATCH', body: { nickname } });
    stage.say(`Your server calls the user ${nickname}`);
    return { streamId: user.id, after };
  },
};

export const userMerged: Scene = {
  does: 'your server merges one user into another',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const [program] = await stage.programs(platforms);
    const from = await stage.person(program);
    const { user: into } = await stage.person(program, `${from.name}-too`);
    await stage.ask(`/v1/users/${from.user.id}/merge`, { body: { into: into.id } });
    stage.say(`Your server merges ${from.user.id} into ${into.id}`);
    return { streamId: from.user.id };
  },
};

export const userErased: Scene = {
  does: 'your server erases the personal data of a user',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { user } = await newcomer(stage, platforms);
    await stage.ask(`/v1/users/${user.id}`, { method: 'DELETE' });
    stage.say('Your server erases the user');
    return { streamId: user.id };
  },
};

export const identityLinked: Scene = {
  does: 'a user comes from a second mini-program, on another platform',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { identity, user } = await linked(stage, platforms);
    return { streamId: user.id, isIt: ({ data }) => data['identityId'] === identity.id };
  },
};

export const identityUnlinked: Scene = {
  does: 'a user no longer wants to come from there',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { identity, user, accessToken: token } = await linked(stage, platforms);
    await stage.ask(`/v1/me/identities/${identity.id}`, { method: 'DELETE', token });
    stage.say('The user unlinks it again');
    return { streamId: user.id, isIt: ({ data }) => data['identityId'] === identity.id };
  },
};

export const sessionRevoked: Scene = {
  does: 'a user logs out',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { user, accessToken: token, name } = await newcomer(stage, platforms);
    const { data } = await stage.ask<{ data: SessionView[] }>('/v1/me/sessions', { token });
    const session = data.find(({ current }) => current);
    await stage.ask('/v1/auth/logout', { method: 'POST', token });
    stage.say(`${name} logs out`);
    return { streamId: user.id, isIt: ({ data: told }) => told['sessionId'] === session?.id };
  },
};

async function newcomer(stage: Stage, platforms: readonly PlatformCode[]): Promise<Person> {
  const [program] = await stage.programs(platforms);
  return stage.person(program);
}

/** A user with a second identity, on another platform. */
async function linked(stage: Stage, platforms: readonly PlatformCode[]): Promise<Person> {
  const [first, second] = (await stage.programs(platforms, 2)) as [Program, Program];
  const person = await stage.person(first);
  const body = await stage.loginCode(second, person.name);
  const identity = await stage.ask<IdentityView>('/v1/me/identities', { token: person.accessToken, body });
  stage.say(`The same user can come from ${second.platform}, too`);
  return { ...person, identity };
}
