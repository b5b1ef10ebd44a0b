/**
 * The dashboard: status, loss and headline above; below them cards in groups of tabs, which are
 * moved, widened and folded. Only the cards in front are drawn.
 */

import type { DashboardForm } from "../../messages/widgets";
import { make } from "../../parts/element";
import { RedrawScheduler } from "../../parts/redraw-scheduler";
import { watchViewRequests } from "../../parts/view-request";
import { ViewSettings } from "../../parts/view-settings";
import type { RunSession } from "../../session";
import { ControlsView } from "../controls/view";
import {
  type Arrangement,
  bringToFront,
  type CardName,
  columnsFor,
  INITIAL,
  isCard,
  move,
  type Place,
  withHeight,
} from "./arrangement";
import { Board } from "./board";
import { CompactSamples } from "./compact-samples";
import { FormButtons } from "./form-buttons";
import { Headline } from "./headline";
import { LossValue } from "./loss-value";
import { SavePage } from "./save-page";
import { ScrollAtStart } from "./scroll-at-start";
import { Sparkline } from "./sparkline";
import { StoredArrangement } from "./stored-arrangement";

/** Draws the dashboard of a run, in a form if the program has chosen one; returns its clean-up. */
export function drawDashboard(
  root: HTMLElement,
  session: RunSession,
  form: DashboardForm | null = null,
): () => void {
  const view = new DashboardView(root, session, form);
  return () => view.close();
}

/** Height of what an exported page has above and below the cards, in px. */
const AROUND_CARDS = 200;
/** Heights of two cards below each other, in those of cards beside each other; see cards.css. */
const STACKED_HEIGHTS = 1.5;

class DashboardView {
  private readonly store: StoredArrangement;
  private arrangement: Arrangement;
  /** Number of groups beside each other; two until the width is known. */
  private columns = 2;
  private readonly loss: LossValue;
  private readonly headline: Headline;
  private readonly forms: FormButtons;
  private readonly savePage: SavePage;
  private readonly controls: ControlsView;
  private readonly sparkline: Sparkline;
  private readonly samples: CompactSamples;
  private readonly board: Board;
  private readonly scroll: ScrollAtStart;
  private readonly redraw: RedrawScheduler;
  private readonly resizes: ResizeObserver;
  private readonly unsubscribe: () => void;
  private readonly endRequests: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    form: DashboardForm | null,
  ) {
    this.store = new StoredArrangement(session.runId, form);
    this.arrangement = this.store.load();
    root.classList.add("labkit-dashboard");
    root.dataset.labkitView = "dashboard";
    this.loss = new LossValue(session);
    this.savePage = new SavePage(session);
    this.forms = new FormButtons(
      () => root.closest<HTMLElement>(".labkit") ?? root,
      () => this.arrange({ ...this.arrangement, compact: !this.arrangement.compact }),
      this.savePage.button,
      () => session.exported === null,
    );
    this.headline = new Headline(session, (card, rule) => this.open(card, rule));
    this.sparkline = new Sparkline(session);
    this.samples = new CompactSamples(session);
    this.board = new Board(session, {
      change: (change) => this.arrange(change(this.arrangement)),
      place: (name, place) => this.place(name, place),
      resize: (height) => this.arrange(withHeight(this.arrangement, height)),
    });
    const place = make("div");
    const head = make(
      "header",
      { class: "labkit-dashboard-head" },
      place,
      this.savePage.message,
      this.headline.element,
      this.sparkline.element,
      this.samples.element,
    );
    root.replaceChildren(head, this.board.element);
    const parts = { beside: this.loss.element, after: this.forms.element };
    this.controls = new ControlsView(place, session, parts);
    this.endRequests = watchViewRequests(root, (name) => {
      if (isCard(name)) this.open(name, null);
    });
    if (root.clientWidth > 0) this.columns = columnsFor(root.clientWidth);
    if (session.exported !== null) this.fillWindow();
    this.arrange(this.arrangement);
    this.scroll = new ScrollAtStart(root, head, session);
    this.redraw = new RedrawScheduler(root, () => this.update());
    this.resizes = new ResizeObserver(() => this.onResized());
    this.resizes.observe(root);
    this.unsubscribe = session.subscribe(() => this.redraw.later());
    this.update();
  }

  close(): void {
    this.unsubscribe();
    this.endRequests();
    this.resizes.disconnect();
    this.redraw.close();
    this.scroll.close();
    this.controls.close();
    this.sparkline.close();
    this.samples.close();
    this.forms.close();
    this.savePage.close();
    this.board.close();
    this.root.replaceChildren();
  }

  private update(): void {
    const { state, problem } = this.session;
    if (state) this.root.dataset.labkitStep = String(state.step);
    // The headline displays the problem, so empty cards do not.
    this.root.classList.toggle("labkit-nothing", state === null && problem !== null);
    this.loss.update(this.arrangement.compact);
    this.headline.update();
    this.savePage.update();
    this.samples.update(this.arrangement.compact);
    this.board.update();
  }

  private onResized(): void {
    const columns = columnsFor(this.root.clientWidth);
    if (this.root.clientWidth === 0 || columns === this.columns) return;
    this.columns = columns;
    this.show();
  }

  /** Gives the cards the height that the window has; a notebook needs it for its cells. */
  private fillWindow(): void {
    const room = window.innerHeight - AROUND_CARDS;
    const stacked = Math.max(room / STACKED_HEIGHTS, INITIAL.height);
    this.arrangement = withHeight(this.arrangement, this.columns > 1 ? room : stacked);
  }

  private arrange(arrangement: Arrangement): void {
    this.arrangement = arrangement;
    this.store.save(arrangement);
    this.show();
  }

  private show(): void {
    const { compact } = this.arrangement;
    this.root.classList.toggle("labkit-compact", compact);
    this.forms.show(compact);
    this.loss.update(compact);
    this.board.element.hidden = compact;
    this.sparkline.element.hidden = !compact;
    this.samples.update(compact);
    if (compact) this.sparkline.update();
    else this.board.show(this.arrangement, this.columns);
  }

  private place(name: CardName, place: Place): void {
    this.arrange(move(this.arrangement, name, place));
  }

  /** Opens a card; with the rule of a finding, goes to where the finding is seen. */
  private open(card: CardName, rule: string | null): void {
    if (rule !== null) new ViewSettings(this.session.runId).set(`finding ${rule}`, "open");
    this.arrange({ ...bringToFront(this.arrangement, card), compact: false });
    const finding = this.session.findings.find((each) => each.rule === rule);
    if (!finding || rule === null) return;
    const shown = this.board.card(card)?.querySelector(`[data-labkit-finding="${rule}"] details`);
    if (shown instanceof HTMLDetailsElement) shown.open = true;
    shown?.scrollIntoView({ block: "nearest" });
    this.session.setCursor(finding.steps[0]);
    const [place] = finding.where;
    if (place) this.session.select(place);
  }
}
