import { problem } from '../common/problems.js';
import type { MandatePlatform, PlatformMandates } from './mandate-platform.js';
import type { MessagePlatform, PlatformMessages } from './message-platform.js';
import type { CallbackPlatform, CallbackReaders } from './callback.js';
import type { PaymentPlatform, PlatformPayments } from './payment-platform.js';
import type {
  LoginPlatform,
  PhonePlatform,
  PlatformCode,
  PlatformDescription,
  ProfilePlatform,
  VerifiablePlatform,
} from './platform.js';

interface Ports {
  login: LoginPlatform;
  phone: PhonePlatform;
  profile: ProfilePlatform;
  verify: VerifiablePlatform;
  pay: PaymentPlatform;
  message: MessagePlatform;
  recurring: MandatePlatform;
}
export type Capability = keyof Ports;

/** A platform has a capability when it has the member of its port. */
const METHODS: { readonly [C in Capability]: Exclude<keyof Ports[C], keyof PlatformDescription> } = {
  login: 'exchange',
  phone: 'phone',
  profile: 'profile',
  verify: 'verify',
  pay: 'payments',
  message: 'messages',
  recurring: 'mandates',
};
const CAPABILITIES = Object.keys(METHODS) as Capability[];

export interface PlatformCapabilities {
  readonly platform: PlatformCode;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
}

/** All platforms of this build. A doubled one fails at start, not at the first login. */
export class Platforms {
  readonly #byCode: ReadonlyMap<PlatformCode, PlatformDescription>;

  constructor(platforms: readonly PlatformDescription[]) {
    this.#byCode = new Map(platforms.map((platform) => [platform.code, platform]));
    if (this.#byCode.size !== platforms.length) throw new Error('two platforms have the same code');
  }

  /** Throws 422 `platform_capability_missing` when this build has no such platform. */
  get(code: PlatformCode): PlatformDescription {
    const platform = this.#byCode.get(code);
    if (!platform) throw problem('platform_capability_missing', `This server does not speak with ${code}.`);
    return platform;
  }

  // Each throws 422 `platform_capability_missing` when the platform cannot do that.
  readonly login = (code: PlatformCode): LoginPlatform => this.#having('login', code);
  readonly phone = (code: PlatformCode): PhonePlatform => this.#having('phone', code);
  readonly profile = (code: PlatformCode): ProfilePlatform => this.#having('profile', code);
  readonly verifiable = (code: PlatformCode): VerifiablePlatform => this.#having('verify', code);

  readonly payments = (code: PlatformCode): PlatformPayments => this.#having('pay', code).payments;

  readonly mandates = (code: PlatformCode): PlatformMandates => this.#having('recurring', code).mandates;

  readonly messages = (code: PlatformCode): PlatformMessages => this.#having('message', code).messages;

  /** Who reads what the platform sends to our addresses. Throws as `get`. */
  callbacks(code: PlatformCode): CallbackReaders {
    const platform: PlatformDescription & Partial<CallbackPlatform> = this.get(code);
    return platform.callbacks ?? {};
  }

  /** What each platform can do: `GET /v1/capabilities`. */
  capabilities(): PlatformCapabilities[] {
    return [...this.#byCode.values()].map((platform) => ({
      platform: platform.code,
      capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, has(platform, name)])) as Record<
        Capability,
        boolean
      >,
    }));
  }

  #having<C extends Capability>(capability: C, code: PlatformCode): Ports[C] {
    const platform = this.get(code);
    if (has(platform, capability)) return platform;
    throw problem('platform_capability_missing', `${code} has no ${capability}.`, { platform: code, capability });
  }
}

const has = <C extends Capability>(platform: PlatformDescription, capability: C): platform is Ports[C] =>
  METHODS[capability] in platform;
