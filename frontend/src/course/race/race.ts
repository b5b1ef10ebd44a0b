/**
 * The race of optimizers: a map with the way of each optimizer, their learning rates and states,
 * and controls to play the recorded steps. The kernel runs the race; the page asks for another
 * start, rate or surface.
 */

import type { RaceQuery, RaceRequest, RaceState } from "../../messages/race";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { LaneList } from "./lane-list";
import { PlayerBar } from "./player-bar";
import style from "./race.css";
import { RaceBoard } from "./race-board";

/** The part of the widget's model that the race uses. */
export type RaceModel = WidgetModel<RaceState, RaceRequest>;

const EVENTS = ["change:lanes", "change:answered", "change:said"] as const;
const WAITING = waitingText("The kernel runs the race.");

/** Draws the race; returns its clean-up. */
export const render = rendering((model: RaceModel, root) => new Race(model, root));

class Race {
  private readonly frame = document.createElement("div");
  private readonly status = document.createElement("p");
  private readonly board: RaceBoard;
  private readonly lanes: LaneList;
  private readonly player: PlayerBar;
  private readonly endGuard: () => void;
  private rates: Record<string, number> = {};
  private readonly queries: Queries<RaceQuery>;
  private readonly onChange = () => this.renew();

  constructor(
    private readonly model: RaceModel,
    private readonly root: HTMLElement,
  ) {
    this.queries = new Queries(model);
    this.frame.className = "labkit-race";
    this.frame.dataset.labkitView = "race";
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const body = document.createElement("div");
    body.className = "race-body";
    this.status.setAttribute("role", "status");
    this.board = new RaceBoard((start) => this.query({ start }));
    this.lanes = new LaneList({
      onRate: (name, rate) => {
        this.rates = { ...this.rates, [name]: rate };
        this.query({ start: this.model.get("start") });
      },
      onShown: (hidden) => this.board.hide(hidden),
    });
    this.player = new PlayerBar({
      onStep: (step) => this.show(step),
      onSurface: (surface) => this.query({ start: null, surface }),
    });
    body.append(this.board.element, this.lanes.element);
    this.frame.append(this.player.element, body, this.status);
    root.replaceChildren(sheet, this.frame);
    this.endGuard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onChange);
    this.renew();
  }

  close(): void {
    this.queries.close();
    this.player.close();
    this.board.close();
    this.lanes.close();
    this.endGuard();
    for (const event of EVENTS) this.model.off(event, this.onChange);
    this.root.replaceChildren();
  }

  /** Asks the kernel for a race, which is played when it arrives. */
  private query(change: Partial<RaceQuery>): void {
    this.status.textContent = WAITING;
    const surface = this.model.get("surface");
    this.queries.send({ start: null, rates: this.rates, surface, ...change });
  }

  private renew(): void {
    const { model } = this;
    const [lanes, steps] = [model.get("lanes"), model.get("steps")];
    const isAnswered = this.queries.areAnswered;
    this.status.textContent = model.get("said") || (isAnswered ? "" : WAITING);
    this.board.draw(model.get("map"), model.get("start"), lanes);
    this.lanes.draw(lanes, model.get("map"));
    this.player.draw(steps, model.get("surfaces"), model.get("surface"));
    this.player.restart(this.queries.haveBegun && isAnswered && model.get("said") === "");
  }

  private show(step: number): void {
    this.frame.dataset.labkitStep = String(step);
    this.board.show(step);
    this.lanes.show(step);
  }
}

export default { render };
