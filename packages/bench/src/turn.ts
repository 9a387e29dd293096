import type { ServerClock } from "./server-clock.ts";

/** One call of an operation, ready to be made once. */
export type Call = () => Promise<unknown>;

/** What a contender measured in one turn. */
export interface Turn {
  /** Of each call, in milliseconds. */
  readonly latencies: readonly number[];
  /** Calls per second. */
  readonly throughput: number;
  /** Microseconds of this process for each call. */
  readonly clientCpu: number;
  /** Microseconds of the database server for each call; `null` where the system does not tell. */
  readonly serverCpu: number | null;
}

/** Makes all calls, so many at a time, each as soon as one before it has ended. */
export async function takeTurn(calls: readonly Call[], callers: number, server: ServerClock): Promise<Turn> {
  const latencies: number[] = [];
  const waiting = calls.values();
  const caller = async (): Promise<void> => {
    for (const call of waiting) {
      const start = performance.now();
      await call();
      latencies.push(performance.now() - start);
    }
  };
  const serverBefore = server.microseconds();
  const clientBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(clientBefore);
  const serverAfter = server.microseconds();
  return {
    latencies,
    throughput: calls.length / seconds,
    clientCpu: (user + system) / calls.length,
    serverCpu: serverBefore === null || serverAfter === null ? null : (serverAfter - serverBefore) / calls.length,
  };
}
