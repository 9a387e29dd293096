import type { NeonAnswer } from "./neon-protocol.ts";

/**
 * What becomes of one request. `execute` runs it, as often as it is called, and answers as the service would; what the
 * fault answers goes to the client, cut off behind `cutAt` bytes, or nothing does and the connection is cut.
 */
export type NeonFault = (
  execute: () => Promise<NeonAnswer>,
) => Promise<(NeonAnswer & { readonly cutAt?: number }) | "cut">;

/** Nothing is executed; the answer is a status of somebody in between. */
export function refused(status: number): NeonFault {
  return async () => ({ status, body: "somebody in between" });
}

/** Executed, and then answered by somebody in between. */
export function answeredWith(status: number): NeonFault {
  return async (execute) => {
    await execute();
    return { status, body: "somebody in between" };
  };
}

/** The connection is cut before anything is executed. */
export const cutBefore: NeonFault = async () => "cut";

/** Executed; the connection is cut instead of an answer. */
export const cutAfter: NeonFault = async (execute) => {
  await execute();
  return "cut";
};

/** Executed; the connection is cut in the middle of the answer's body. */
export const cutWithin: NeonFault = async (execute) => {
  const answer = await execute();
  return { ...answer, cutAt: Math.floor(answer.body.length / 2) };
};

/** Executed; the answer has the right status and no body. */
export const withoutBody: NeonFault = async (execute) => ({ ...(await execute()), body: "" });

/** Delivered twice, one after the other; the client gets the second answer. */
export const deliveredTwice: NeonFault = async (execute) => {
  await execute();
  return execute();
};

/** A request that waits for the test. */
export interface HeldRequest {
  readonly fault: NeonFault;
  /** It has come. */
  readonly arrived: Promise<void>;
  /** Let it be executed, also when nobody waits for its answer any more; answers what came of it. */
  release(): Promise<NeonAnswer>;
}

/** Hold a request before it is executed. */
export function heldBefore(): HeldRequest {
  const arrived = signal<void>();
  const released = signal<void>();
  const executed = signal<NeonAnswer>();
  return {
    arrived: arrived.given,
    async fault(execute) {
      arrived.give();
      await released.given;
      const answer = await execute();
      executed.give(answer);
      return answer;
    },
    release() {
      released.give();
      return executed.given;
    },
  };
}

function signal<T>(): { readonly given: Promise<T>; readonly give: (value: T) => void } {
  let give: (value: T) => void = () => {};
  const given = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
