/** The samples view: one card for each name under which images, texts or figures were logged. */

import type { SampleSeries } from "../../messages/samples";
import { CursorNote } from "../../parts/cursor-note";
import { make } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage } from "../../parts/panel";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView, RunSession } from "../../session";
import { SampleCard } from "./card";

/** Maximum number of names that are shown side by side unless the user selects all. */
const MAX_SHOWN = 6;
/** The value of the option that shows all names, which no name is. */
const ALL = "\0all";
const NOTHING =
  "Nothing has been logged yet. run.log(samples=images) shows images here; texts and figures, too.";

export const drawSamples: DrawView = (root, session) => {
  const view = new SamplesView(root, session);
  return () => view.close();
};

class SamplesView {
  private readonly select = make("select", {
    "aria-label": "Name",
    title: "Which samples to show",
  });
  private readonly toolbar = make("div", { class: "labkit-toolbar" });
  private readonly list = make("div", { class: "labkit-samples-cards" });
  private readonly cursor: CursorNote;
  private readonly empty = new EmptyMessage();
  private readonly cards = new Map<string, SampleCard>();
  private readonly settings: ViewSettings;
  private readonly live: LiveDrawing;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    this.cursor = new CursorNote(session);
    this.settings = new ViewSettings(session.runId);
    this.settings.saveOnChange(this.select, "samples name");
    this.select.addEventListener("change", () => this.live.now());
    this.toolbar.append(this.select, this.cursor.element);
    root.classList.add("labkit-samples");
    root.dataset.labkitView = "samples";
    root.replaceChildren(this.toolbar, this.list, this.empty.element);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "complete frames");
    this.draw(false);
  }

  close(): void {
    this.live.close();
    for (const card of this.cards.values()) card.close();
    this.root.replaceChildren();
  }

  private draw(isLive: boolean): void {
    const { samples } = this.session;
    this.empty.show(samples.length > 0 ? null : (this.session.problem ?? NOTHING));
    this.offer(samples);
    this.cursor.update();
    this.toolbar.hidden = this.select.hidden && this.cursor.element.hidden;
    const shown = samples.filter(
      ({ name }) => this.select.value === ALL || this.select.value === name,
    );
    this.removeOthers(shown);
    shown.forEach((series, place) => {
      const card = this.cards.get(series.name) ?? this.makeCard(series.name);
      if (this.list.children[place] !== card.element)
        this.list.insertBefore(card.element, this.list.children[place] ?? null);
      card.update(series, !isLive);
    });
  }

  private offer(samples: readonly SampleSeries[]): void {
    const names = samples.map(({ name }) => name);
    this.select.hidden = names.length < 2;
    const key = JSON.stringify(names);
    if (key === this.select.dataset.offered) return;
    this.select.dataset.offered = key;
    const all = make("option", { value: ALL }, `all ${names.length}`);
    this.select.replaceChildren(all, ...names.map((name) => make("option", { value: name }, name)));
    this.select.value = names.length > MAX_SHOWN ? (names[0] as string) : ALL;
    this.settings.restore(this.select, "samples name");
  }

  private makeCard(name: string): SampleCard {
    const card = new SampleCard(this.session, name, () => this.noteStep());
    this.cards.set(name, card);
    return card;
  }

  private removeOthers(shown: readonly SampleSeries[]): void {
    const names = new Set(shown.map(({ name }) => name));
    for (const [name, card] of this.cards) {
      if (names.has(name)) continue;
      card.close();
      this.cards.delete(name);
    }
  }

  private noteStep(): void {
    const steps = [...this.cards.values()].flatMap(({ shownStep }) => shownStep ?? []);
    this.root.dataset.labkitStep = String(Math.max(...steps));
  }
}
