import { VERSION } from '../common/version.js';
import type { Config } from '../config/config.js';
import type { Demo } from './demo.js';

/** What a person sees after the start: where things are, and a first command that works. */
export function banner(config: Config, apiUrl: string, demo: Demo | undefined): string {
  const lines = ['', `Minibase ${VERSION} is ready.`, '', `  API      ${apiUrl}/v1`, `  Console  ${apiUrl}/console`];
  if (config.sandboxUrl) lines.push(`  Sandbox  ${config.sandboxUrl}`);
  if (demo) lines.push(...firstLogin(config, apiUrl, demo));
  return `${lines.join('\n')}\n\n`;
}

const firstLogin = ({ dataDir }: Config, apiUrl: string, { sandboxUrl, appId, platformAppIds }: Demo): string[] => [
  `  Demo     ${dataDir}/demo.json has the keys of a test app`,
  '',
  'Log in as Ming, a person of the simulated WeChat:',
  '',
  `  CODE=$(curl -s ${sandboxUrl}/_/login -H 'content-type: application/json' \\`,
  `    -d '{"platform":"wechat","platformAppId":"${platformAppIds.wechat}","user":"ming"}' | sed 's/.*"code":"\\([^"]*\\)".*/\\1/')`,
  `  curl -s ${apiUrl}/v1/auth/login -H 'content-type: application/json' -H 'x-app-id: ${appId}' \\`,
  `    -d '{"platform":"wechat","code":"'$CODE'"}'`,
];
