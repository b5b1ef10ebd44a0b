/** The model of a small widget, as anywidget passes it to a page: traits that a page gets and sets. */
export class FakeWidgetModel {
  readonly traits: Record<string, unknown>;
  readonly listeners = new Map<string, (message?: unknown) => void>();
  readonly sent: unknown[] = [];
  /** How often the page has sent its changes. */
  saved = 0;

  constructor(traits: object) {
    this.traits = structuredClone({ ...traits });
  }
  get(trait: string) {
    return this.traits[trait];
  }
  /** Changes a trait and calls its listener, as Backbone does. */
  set(trait: string, value: unknown) {
    this.traits[trait] = value;
    this.listeners.get(`change:${trait}`)?.();
  }
  save_changes() {
    this.saved += 1;
  }
  send(message: unknown) {
    this.sent.push(message);
  }
  on(event: string, listener: (message?: unknown) => void) {
    this.listeners.set(event, listener);
  }
  off(event: string) {
    this.listeners.delete(event);
  }
}
