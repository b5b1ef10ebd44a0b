/**
 * The race of optimizers: a map with the way of each optimizer, their learning rates and states,
 * and controls to play the recorded steps. The kernel runs the race; the page asks for another
 * start, rate or surface.
 */

import type { RaceRequest, RaceState, RaceWish } from "../../messages/race";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { Wishes } from "../../parts/wishes";
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
  private readonly wishes: Wishes<RaceWish>;
  private readonly onChange = () => this.renew();

  constructor(
    private readonly model: RaceModel,
    private readonly root: HTMLElement,
  ) {
    this.wishes = new Wishes(model);
    this.frame.className = "labkit-race";
    this.frame.dataset.labkitView = "race";
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const body = document.createElement("div");
    body.className = "race-body";
    this.status.setAttribute("role", "status");
    this.board = new RaceBoard((start) => this.wish({ start }));
    this.lanes = new LaneList({
      onRate: (name, rate) => {
        this.rates = { ...this.rates, [name]: rate };
        this.wish({ start: this.model.get("start") });
      },
      onShown: (hidden) => this.board.hide(hidden),
    });
    this.player = new PlayerBar({
      onStep: (step) => this.show(step),
      onSurface: (surface) => this.wish({ start: null, surface }),
    });
    body.append(this.board.element, this.lanes.element);
    this.frame.append(this.player.element, body, this.status);
    root.replaceChildren(sheet, this.frame);
    this.endGuard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onChange);
    this.renew();
  }

  close(): void {
    this.wishes.close();
    this.player.close();
    this.board.close();
    this.lanes.close();
    this.endGuard();
    for (const event of EVENTS) this.model.off(event, this.onChange);
    this.root.replaceChildren();
  }

  /** Asks the kernel for a race, which is played when it arrives. */
  private wish(change: Partial<RaceWish>): void {
    this.status.textContent = WAITING;
    const surface = this.model.get("surface");
    this.wishes.send({ start: null, rates: this.rates, surface, ...change });
  }

  private renew(): void {
    const { model } = this;
    const [lanes, steps] = [model.get("lanes"), model.get("steps")];
    const isAnswered = this.wishes.areAnswered;
    this.status.textContent = model.get("said") || (isAnswered ? "" : WAITING);
    this.board.draw(model.get("map"), model.get("start"), lanes);
    this.lanes.draw(lanes, model.get("map"));
    this.player.draw(steps, model.get("surfaces"), model.get("surface"));
    this.player.restart(this.wishes.haveBegun && isAnswered && model.get("said") === "");
  }

  private show(step: number): void {
    this.frame.dataset.labkitStep = String(step);
    this.board.show(step);
    this.lanes.show(step);
  }
}

export default { render };
