/** What a browser does for a person: keeps cookies, sends forms from the page's own origin, follows nothing by itself. */
export class Browser {
  readonly #fetch: (request: Request) => Response | Promise<Response>;
  readonly #home: string;
  readonly #cookies = new Map<string, string>();

  constructor(fetch: (request: Request) => Response | Promise<Response>, home: string) {
    this.#fetch = fetch;
    this.#home = home;
  }

  async get(address: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await this.#send(address, { headers: { accept: "text/html" } });
    return { status: response.status, text: await response.text() };
  }

  post(
    address: string,
    form: Readonly<Record<string, string>>,
    { origin = new URL(this.#home).origin }: { readonly origin?: string } = {},
  ): Promise<Response> {
    return this.#send(address, { method: "POST", headers: { origin }, body: new URLSearchParams(form) });
  }

  /** The answer as it is. */
  raw(address: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    return this.#send(address, { headers });
  }

  /** As a program, which is answered in JSON when it is refused. */
  async api(
    address: string,
    { headers = {} }: { readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<{ readonly status: number; readonly code?: string; readonly message?: string }> {
    const response = await this.#send(address, { headers: { accept: "application/json", ...headers } });
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    const { code, message } = isJson ? ((await response.json()) as Readonly<Record<string, string>>) : {};
    return {
      status: response.status,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
    };
  }

  async #send(address: string, init: RequestInit): Promise<Response> {
    const url = new URL(address, this.#home);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = new Headers(init.headers);
    headers.set("host", url.host);
    if (cookie !== "") {
      headers.set("cookie", cookie);
    }
    const response = await this.#fetch(new Request(url, { ...init, headers }));
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = line.match(/^([^=]+)=([^;]*)/) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }
}
