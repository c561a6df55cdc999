import { Global, Module } from '@nestjs/common';
import { UserAuthenticator } from '../tenancy/authentication.guard.js';
import { AccessTokens } from './access-tokens.js';
import { AuthController } from './auth.controller.js';
import { Erasure } from './erasure.js';
import { Identities } from './identities.js';
import { JwksController } from './jwks.controller.js';
import { Logins } from './login.service.js';
import { MeController } from './me.controller.js';
import { Me } from './me.service.js';
import { Merging } from './merging.js';
import { RefreshTokens } from './refresh-tokens.js';
import { SessionRetention } from './session-retention.js';
import { IdentityPayers } from './identity-payers.js';
import { IdentityPeople } from './identity-people.js';
import { Sessions } from './sessions.js';
import { Unions } from './unions.js';
import { SessionAuthenticator } from './user-authenticator.js';
import { Payers } from '../tenancy/payers.js';
import { People } from '../tenancy/people.js';
import { UsersController } from './users.controller.js';
import { Users } from './users.service.js';

@Global()
@Module({
  controllers: [AuthController, MeController, UsersController, JwksController],
  providers: [
    AccessTokens,
    Erasure,
    Identities,
    Logins,
    Me,
    Merging,
    RefreshTokens,
    Sessions,
    SessionRetention,
    Unions,
    Users,
    { provide: UserAuthenticator, useClass: SessionAuthenticator },
    { provide: Payers, useClass: IdentityPayers },
    { provide: People, useClass: IdentityPeople },
  ],
  exports: [Payers, People, UserAuthenticator],
})
export class AuthModule {}
