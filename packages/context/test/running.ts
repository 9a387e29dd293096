/** A server of the tests', on 127.0.0.1. */
export interface Running {
  readonly port: number;
  close(): Promise<unknown>;
}
