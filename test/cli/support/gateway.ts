import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before an API and passes everything on; can go away and come back at the same address. */
export class Gateway {
  #server: Server | undefined;
  #port = 0;

  private constructor(private readonly target: string) {}

  static async open(target: string): Promise<Gateway> {
    const gateway = new Gateway(target);
    await gateway.comeBack();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async comeBack(): Promise<void> {
    const server = createServer((incoming, answer) => {
      const { method, headers, url = '/' } = incoming;
      const onwards = request(this.target + url, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      onwards.on('error', () => answer.destroy());
      incoming.pipe(onwards);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async goAway(): Promise<void> {
    const gone = new Promise((resolve) => this.#server?.close(resolve));
    this.#server?.closeAllConnections();
    await gone;
  }
}
