/** Questions to the kernel that wait for their answers, by the number of the request. */

export class Questions<T> {
  private readonly waiting = new Map<number, (answer: T) => void>();

  /** `silence` is the answer to what is not answered before the end. */
  constructor(private readonly silence: T) {}

  wait(request: number): Promise<T> {
    return new Promise((resolve) => this.waiting.set(request, resolve));
  }

  answer(request: number, answer: T): void {
    this.waiting.get(request)?.(answer);
    this.waiting.delete(request);
  }

  close(): void {
    for (const resolve of this.waiting.values()) resolve(this.silence);
    this.waiting.clear();
  }
}
