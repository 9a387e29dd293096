/** What a process does until it is killed. */
export interface Killed<T> {
  readonly port: T;
  /** How many of its calls were made. */
  made(): number;
}

/** The methods of a process that is killed before its call of a number, or once it `isMade` and before the answer is there. */
export function killedAt<T extends object>(port: T, call: number, isMade: boolean): Killed<T> {
  let made = 0;
  const dying = Object.entries(port).map(([name, method]: [string, (...args: never[]) => Promise<unknown>]) => {
    const killed = async (...args: never[]): Promise<unknown> => {
      made += 1;
      if (made > call || (made === call && !isMade)) {
        throw new RangeError("killed");
      }
      const answer = await method(...args);
      if (made === call) {
        throw new RangeError("killed");
      }
      return answer;
    };
    return [name, killed];
  });
  return { port: Object.fromEntries(dying) as T, made: () => made };
}
