/** What WeChat Pay knows of people from WeChat. */
export interface People {
  /** The openid of the person named `user` in a mini-program. */
  openidOf(appid: string, user: string): string;
  /** Whether somebody has this openid in that mini-program: they have opened it. */
  isOpenid(appid: string, openid: string): boolean;
}
