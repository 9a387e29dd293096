/** A queue for each of a driver's objects: whoever comes later waits until everyone before has ended. */
export class Turns {
  /** The last turn on each object; never rejected. */
  readonly #last = new WeakMap<object, Promise<void>>();

  take<T>(object: object, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(object) ?? Promise.resolve()).then(work);
    const end = (): void => {};
    this.#last.set(object, turn.then(end, end));
    return turn;
  }
}
