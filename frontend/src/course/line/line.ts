/**
 * A line that is fitted to points: the points with the line, the map of the loss, and the loss over
 * the steps. A place on the map is a line in the plane, and the other way round. The kernel makes
 * the steps; the page asks for a walk from another start, or with another learning rate.
 */

import type { LineQuery, LineRequest, LineState, LineWalk } from "../../messages/line";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { text } from "../race/looks";
import { PlayerBar } from "../race/player-bar";
import raceStyle from "../race/race.css";
import { RaceBoard } from "../race/race-board";
import { LossCurve } from "./curve";
import style from "./line.css";
import { type Line, PointPlane } from "./plane";
import { Settings } from "./settings";

/** The part of the widget's model that the view uses. */
export type LineModel = WidgetModel<LineState, LineRequest>;

const EVENTS = ["change:walks", "change:answered", "change:said"] as const;
const WAITING = waitingText("The kernel walks.");
const NO_RATE = "A learning rate is a number from 0 to 100.";

/** Draws the view; returns its clean-up. */
export const render = rendering((model: LineModel, root) => new LineView(model, root));

class LineView {
  private readonly frame = document.createElement("div");
  private readonly values = document.createElement("p");
  private readonly status = document.createElement("p");
  private readonly plane: PointPlane;
  private readonly board: RaceBoard;
  private readonly curve = new LossCurve();
  private readonly player: PlayerBar;
  private readonly settings: Settings;
  private readonly endGuard: () => void;
  private readonly queries: Queries<LineQuery>;
  /** Whether the walk that was asked for has not been played. */
  private isAwaited = false;
  private step = 0;
  private readonly onChange = () => this.renew();

  constructor(
    private readonly model: LineModel,
    private readonly root: HTMLElement,
  ) {
    this.queries = new Queries(model);
    this.frame.className = "labkit-race labkit-line";
    this.frame.dataset.labkitView = "line";
    this.values.className = "line-values";
    this.status.setAttribute("role", "status");
    this.plane = new PointPlane(model.get("plane"), {
      onLine: (line) => this.showPlace(line),
      onStart: (start) => this.query({ start }),
    });
    this.board = new RaceBoard((start) => this.query({ start }), {
      onHover: (place) => this.point(place),
    });
    const events = {
      onStep: (step: number) => this.show(step),
      onSurface: () => {},
      onEmpty: () => this.query({}),
    };
    this.player = new PlayerBar(events, 30);
    this.settings = new Settings(model.get("batches"), {
      onChange: (rate, batch) => this.query({ rate, batch }),
      onNoRate: () => {
        this.status.textContent = NO_RATE;
      },
    });
    const sheet = document.createElement("style");
    sheet.textContent = raceStyle + style;
    const body = document.createElement("div");
    body.className = "race-body";
    body.append(this.plane.element, this.board.element);
    const { settings, player, values, curve, status } = this;
    const parts = [settings.element, player.element, body, values, curve.element, status];
    this.frame.append(...parts);
    root.replaceChildren(sheet, this.frame);
    this.endGuard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onChange);
    this.renew();
  }

  close(): void {
    this.queries.close();
    this.player.close();
    this.board.close();
    this.plane.close();
    this.settings.close();
    this.endGuard();
    for (const event of EVENTS) this.model.off(event, this.onChange);
    this.root.replaceChildren();
  }

  /** Asks the kernel for a walk, which is played when it arrives. */
  private query(change: Partial<LineQuery>): void {
    const { model } = this;
    const now = { start: model.get("start"), rate: model.get("rate"), batch: model.get("batch") };
    this.isAwaited = true;
    this.status.textContent = WAITING;
    this.queries.send({ ...now, ...change });
  }

  private get walk(): LineWalk | null {
    return this.model.get("walks").at(-1) ?? null;
  }

  private renew(): void {
    const { model } = this;
    const isAnswered = this.queries.areAnswered;
    this.status.textContent = model.get("said") || (isAnswered ? "" : WAITING);
    const lanes = model.get("walks").map(({ lane }) => lane);
    // Without a step, the cross on the map is the line.
    this.board.draw(model.get("map"), model.get("start"), lanes);
    this.settings.show(model.get("rate"), model.get("batch"));
    this.curve.draw(model.get("walks"), model.get("plane").best);
    const steps = Math.max(0, (this.walk?.lane.losses.length ?? 1) - 1);
    this.player.draw(steps, [], "");
    if (isAnswered && this.isAwaited) {
      this.isAwaited = false;
      this.player.restart(model.get("said") === "");
    } else {
      this.player.jump(steps);
    }
  }

  private show(step: number): void {
    this.step = step;
    this.frame.dataset.labkitStep = String(step);
    const { walk } = this;
    const count = walk?.lane.losses.length ?? 0;
    const at = Math.min(step, count - 1);
    this.plane.show(this.lineAt(at), walk?.batches[at] ?? []);
    this.plane.point(null);
    this.board.show(step, lastSteps(this.model.get("walks")));
    this.curve.show(step);
    this.showPlace(null);
  }

  private lineAt(step: number): Line {
    const places = this.walk?.lane.places ?? [];
    const [w = 0, b = 0] =
      step < 0 ? this.model.get("start") : places.slice(2 * step, 2 * step + 2);
    return [w, b];
  }

  /** Shows the line of a place on the map. */
  private point(place: readonly number[] | null): void {
    const line: Line | null = place ? [place[0] ?? 0, place[1] ?? 0] : null;
    this.plane.point(line);
    this.showPlace(line);
  }

  /** Writes slope, intercept and loss: of a line that is pointed at, else of the step shown. */
  private showPlace(line: Line | null): void {
    this.board.mark(line);
    const { walk } = this;
    const at = Math.min(this.step, (walk?.lane.losses.length ?? 0) - 1);
    const [w, b] = line ?? this.lineAt(at);
    const plane = this.model.get("plane");
    const parts = [
      `${line ? "pointer" : walk ? walk.lane.name : "start"}: w = ${text(w)}, b = ${text(b)}`,
      `loss ${text(lossOf(plane.x, plane.y, w, b))}`,
    ];
    if (plane.held_x.length > 0) {
      parts.push(`held out ${text(lossOf(plane.held_x, plane.held_y, w, b))}`);
    }
    const ended = !line && walk && at === walk.lane.losses.length - 1 ? walk.lane.ended : "";
    this.values.textContent = [...parts, ...(ended ? [`it ${ended}`] : [])].join(" · ");
  }
}

/** The walks before the last one are shown whole. */
function lastSteps(walks: readonly LineWalk[]): (lane: number) => number | null {
  return (lane) => (lane < walks.length - 1 ? (walks[lane]?.lane.losses.length ?? 1) - 1 : null);
}

function lossOf(x: readonly number[], y: readonly number[], w: number, b: number): number {
  const squares = x.map((at, i) => (w * at + b - (y[i] ?? 0)) ** 2);
  return squares.reduce((sum, square) => sum + square, 0) / Math.max(1, squares.length);
}

export default { render };
