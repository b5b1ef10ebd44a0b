/** The picture of a module at a step: its selection, its request to the kernel, and its drawing. */

import type { PictureKind, PictureSubject } from "../../messages/values";
import { commonRange, rangeOf, type ValueRange } from "../../parts/common-range";
import { make, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import { drawsEachStep } from "../../parts/redraw-scheduler";
import { isFinal } from "../../parts/run-status";
import { innermostAround, isWithin, pathOf } from "../../parts/selection";
import type { Theme } from "../../parts/theme";
import { ViewSettings } from "../../parts/view-settings";
import type { Picture, RunSession } from "../../session";
import { gradientOf, panelColoursOf } from "./colours";
import { InputFigure } from "./model-input";
import { haveOneRange, Panels } from "./panels";
import { PICTURE_ORDER, PICTURES } from "./quantities";
import { removeSubjects, setSubjects, subjectsOfAll } from "./subjects-beside";
import { decadesOf, timeGradient } from "./time-gradient";

/** Interval between requests for newer pictures while the run continues at full speed. */
const REFRESH_MS = 900;
const MAX_NAMED = 12;
/** Maximum number of other modules whose gradients through time are drawn. */
const MAX_OTHERS = 8;
const NOT_ARRIVED =
  "This picture has not arrived yet. The kernel sends the pictures of all modules in turn.";
const LAST_READ =
  "This is the newest step whose activations were read. The last step of a run is read as well if " +
  "its number is known before: labkit reads it from for loops, or it is set as run.total_steps.";
const NOT_ANSWERED = "The kernel has not sent this picture yet.";

export class PictureView {
  readonly element = make("div", { class: "labkit-picture" });
  private readonly module = make("select", { "aria-label": "Module" });
  private readonly kind = make("select", { "aria-label": "Picture" });
  private readonly fixed = make("input", { type: "checkbox" });
  private readonly toolbar = make("div", { class: "labkit-toolbar" });
  private readonly description = make("p", { class: "labkit-picture-words" });
  private readonly panels = new Panels();
  private readonly input = new InputFigure();
  private readonly stage = make(
    "div",
    { class: "labkit-picture-stage" },
    this.input.element,
    this.panels.element,
  );
  private readonly bar = make("span", { class: "labkit-heat-bar" });
  private readonly ends = [make("span"), make("span")] as const;
  private readonly legend = make("div", { class: "labkit-heat-legend" });
  private readonly settings: ViewSettings;
  private subjects: readonly PictureSubject[] = [];
  /** These, and those that only runs beside this one have. */
  private offered: readonly PictureSubject[] = [];
  /** The revision of the pictures when their list was received. */
  private revision = "";
  private requestedAt = Number.NEGATIVE_INFINITY;
  private requesting = false;
  private requestAgain = false;
  private picture: Picture | null = null;
  /** The gradients through time of other modules. */
  private others: readonly Picture[] = [];
  /** The selection whose module was shown last. */
  private followed: string | null = null;
  private theme: Theme | null = null;

  constructor(private readonly session: RunSession) {
    const scale = make(
      "label",
      {
        title:
          "With one scale for the whole run colours keep their meaning over time; else each " +
          "picture uses all colours.",
      },
      this.fixed,
      "one scale for the whole run",
    );
    this.toolbar.append(this.module, this.kind, scale);
    this.legend.append(this.ends[0], this.bar, this.ends[1]);
    this.element.append(this.toolbar, this.description, this.stage, this.legend);
    this.stage.setAttribute("role", "img");
    this.stage.tabIndex = 0; // it scrolls
    this.element.hidden = true;
    this.settings = new ViewSettings(session.runId);
    this.fixed.checked = this.settings.get("activations scale") === "fixed";
    this.settings.saveOnChange(this.module, "activations module");
    this.settings.saveOnChange(this.kind, "activations picture");
    this.module.addEventListener("change", () => {
      this.offerKinds();
      this.session.select(this.module.value);
      this.request(true);
    });
    this.kind.addEventListener("change", () => this.request(true));
    this.fixed.addEventListener("change", () => {
      this.settings.set("activations scale", this.fixed.checked ? "fixed" : null);
      this.show();
    });
  }

  close(): void {
    removeSubjects(this.session);
  }

  /** Updates the picture after a change; `atOnce` if the user made the change. */
  update(theme: Theme, atOnce: boolean): void {
    const repaint = theme !== this.theme;
    this.theme = theme;
    if (repaint) this.show();
    const { state } = this.session;
    if (!state) return;
    if (state.pictures === 0) {
      this.offerAll();
      return;
    }
    if (this.sessionRevision !== this.revision || atOnce) this.request(atOnce);
  }

  /** Shows the picture of the module that is selected in any view, once for each selection. */
  follow(selected: string | null): void {
    if (selected === this.followed || this.offered.length === 0) return;
    this.followed = selected;
    const found = selected === null ? null : this.moduleFor(selected);
    if (found === null || found === this.module.value) return;
    this.module.value = found;
    this.offerKinds();
    this.request(true);
  }

  /** Returns the module with a picture that is selected, around the selection, or in it. */
  private moduleFor(selected: string): string | null {
    const [modules, path] = [this.modules(), pathOf(selected)];
    if (modules.includes(path)) return path;
    const inside = modules.find((module) => isWithin(module, path));
    return innermostAround(modules, path) ?? inside ?? null;
  }

  private get sessionRevision(): string {
    return `${this.session.state?.pictures} ${this.session.pushed}`;
  }

  private modules(): readonly string[] {
    return [...new Set(this.offered.map(({ module }) => module))];
  }

  private async request(now: boolean): Promise<void> {
    const { session } = this;
    const refresh = session.isOneWay || drawsEachStep(session.state) ? 0 : REFRESH_MS;
    if (this.requesting || (!now && performance.now() - this.requestedAt < refresh)) {
      this.requestAgain = this.requestAgain || now;
      return;
    }
    this.requesting = true;
    this.requestedAt = performance.now();
    const revision = this.sessionRevision;
    if (revision !== this.revision) {
      const subjects = await session.subjects();
      if (subjects !== null && subjects.length > 0) {
        this.subjects = subjects;
        this.revision = revision;
        this.offerModules();
      }
    }
    const kind = this.kind.value as PictureKind;
    const picture = this.hasChosen
      ? await session.picture(this.module.value, kind, session.cursor)
      : null;
    if (picture?.kind === "time_gradient") this.others = await this.timeGradientsBeside(picture);
    this.requesting = false;
    if (picture) this.picture = picture;
    if (!this.requestAgain) {
      this.show();
      return;
    }
    this.requestAgain = false;
    this.request(true);
  }

  /** Returns the gradients through time of other modules, to be drawn on the same axis. */
  private async timeGradientsBeside({ module, step }: Picture): Promise<readonly Picture[]> {
    const others = this.subjects.filter(
      (each) => each.kind === "time_gradient" && each.module !== module,
    );
    const found = await Promise.all(
      others
        .slice(0, MAX_OTHERS)
        .map((each) => this.session.picture(each.module, "time_gradient", step)),
    );
    return found.filter((each) => each !== null);
  }

  /** Whether this run has the picture that is chosen; otherwise a run beside it has. */
  private get hasChosen(): boolean {
    const [module, kind] = [this.module.value, this.kind.value];
    return this.subjects.some((each) => each.module === module && each.kind === kind);
  }

  /** Offers what all runs have, after that of another run has changed. */
  private offerAll(): void {
    this.offerModules();
    this.show();
  }

  private offerModules(): void {
    setSubjects(this.session, this.subjects, () => this.offerAll());
    this.offered = subjectsOfAll(this.session, this.subjects);
    if (this.offered.length === 0) return;
    const modules = this.modules();
    const key = modules.join("\n");
    if (key !== this.module.dataset.offered) {
      this.module.dataset.offered = key;
      const chosen = this.module.value;
      const own = this.subjects.length > 0 ? this.subjects : this.offered;
      const first = own.reduce((best, each) => (rank(each) < rank(best) ? each : best));
      this.module.replaceChildren(
        ...modules.map((path) => make("option", { value: path }, path || "(model)")),
      );
      const again = modules.includes(chosen) && chosen !== "";
      this.module.value = again ? chosen : first.module;
      if (!again) this.settings.restore(this.module, "activations module");
      this.chooseSelected();
    }
    this.offerKinds();
  }

  /** Chooses the module that was selected before the modules were known. */
  private chooseSelected(): void {
    const { selected } = this.session;
    if (selected === this.followed) return;
    this.followed = selected;
    const found = selected === null ? null : this.moduleFor(selected);
    if (found !== null) this.module.value = found;
  }

  private offerKinds(): void {
    const here = this.offered.filter(({ module }) => module === this.module.value);
    const kinds = PICTURE_ORDER.filter((kind) => here.some((each) => each.kind === kind));
    const key = kinds.join(" ");
    if (key !== this.kind.dataset.offered) {
      this.kind.dataset.offered = key;
      const chosen = this.kind.value as PictureKind;
      this.kind.replaceChildren(
        ...kinds.map((kind) => make("option", { value: kind }, PICTURES[kind][0])),
      );
      this.kind.value = kinds.includes(chosen) ? chosen : (kinds[0] ?? "");
      if (!kinds.includes(chosen)) this.settings.restore(this.kind, "activations picture");
    }
  }

  private show(): void {
    const { theme } = this;
    const picture = this.selectedPicture;
    this.element.hidden = this.picture === null && !this.isAwaited && !this.isMissing;
    this.stage.hidden = this.legend.hidden = picture === null;
    if (picture === null) this.describeAbsence();
    if (!picture || !theme) return;
    const [name, explanation] = PICTURES[picture.kind];
    this.kind.title = explanation;
    const description = describe(picture);
    const isOlder = this.endsBefore(picture);
    const steps = `${formatCount(picture.step)}${isOlder ? ` of ${formatCount(this.lastStep)}` : ""}`;
    setText(this.description, `Step ${steps} · ${description}`);
    this.description.title = isOlder ? `${LAST_READ} ${explanation}` : explanation;
    this.stage.setAttribute(
      "aria-label",
      `${name} of ${picture.module || "the model"}: ${description}`,
    );
    this.input.draw(picture.given, theme);
    const lines = picture.kind === "time_gradient";
    this.panels.element.hidden = this.legend.hidden = lines;
    this.stage.querySelector(".labkit-time-gradient")?.remove();
    if (lines) {
      this.stage.append(timeGradient(picture, this.others, theme, this.commonDecadesOf(picture)));
      return;
    }
    const whole = this.fixed.checked ? this.rangeOf(picture) : null;
    const range = this.commonRangeOf(picture, whole);
    const colours = panelColoursOf(picture, range, theme.dark);
    this.panels.draw(picture, colours);
    const [shared] = colours;
    this.legend.hidden = !shared || !haveOneRange(colours);
    if (!shared || this.legend.hidden) return;
    setText(this.ends[0], formatValue(shared.low));
    setText(this.ends[1], formatValue(shared.high));
    this.bar.style.background = gradientOf(shared);
  }

  private get lastStep(): number {
    return this.session.state?.step ?? 0;
  }

  /** Whether the run has ended with a later step than that of its newest picture. */
  private endsBefore({ step }: Picture): boolean {
    const { state, cursor } = this.session;
    const newest = Math.max(...this.subjects.flatMap(({ steps }) => steps.slice(-1)), step);
    const hasEnded = state !== null && isFinal(state.status);
    return hasEnded && cursor === null && step === newest && step < this.lastStep;
  }

  /** The picture, unless it is not the one that is selected. */
  private get selectedPicture(): Picture | null {
    const { picture } = this;
    const isSelected = picture?.module === this.module.value && picture?.kind === this.kind.value;
    return isSelected ? picture : null;
  }

  private get isAwaited(): boolean {
    return this.session.isOneWay && this.subjects.length > 0;
  }

  /** Whether only runs beside this one have the picture that is chosen. */
  private get isMissing(): boolean {
    return this.offered.length > 0 && !this.hasChosen;
  }

  private describeAbsence(): void {
    if (this.isMissing) {
      const { value } = this.module;
      const hasModule = this.subjects.some(({ module }) => module === value);
      const picture = this.kind.selectedOptions[0]?.textContent ?? "";
      const what = hasModule ? `no picture "${picture}" of` : "no pictures of";
      setText(this.description, `This run has ${what} ${value || "the model"}.`);
      this.description.title = "";
      return;
    }
    setText(this.description, this.isAwaited ? NOT_ARRIVED : NOT_ANSWERED);
    this.description.title = "";
  }

  /** Returns the range of the pictures of all runs beside this one; without any, `own`. */
  private commonRangeOf(
    { module, kind, values }: Picture,
    own: readonly [number, number] | null,
  ): readonly [number, number] | null {
    const { session } = this;
    if (!session.beside) return own;
    const key = `${own === null ? "picture" : "run"} ${kind} ${module}`;
    return commonRange(session, key, own ?? rangeOf(values), () => this.show());
  }

  /** Returns the decades of the gradients through time of all runs beside this one. */
  private commonDecadesOf(picture: Picture): ValueRange {
    const own = decadesOf([picture, ...this.others]);
    return commonRange(this.session, `decades ${picture.module}`, own, () => this.show());
  }

  private rangeOf({ module, kind }: Picture): readonly [number, number] | null {
    const subject = this.subjects.find((each) => each.module === module && each.kind === kind);
    return subject?.range ?? null;
  }
}

function rank({ kind }: PictureSubject): number {
  return PICTURE_ORDER.indexOf(kind);
}

/** Returns a text on the shape and the dead units or channels. */
function describe({ kind, shape, whole, silent, rows, columns }: Picture): string {
  const parts = [`of shape ${whole.join(" × ")}`];
  const [panels] = shape;
  if (kind === "maps") parts.push(`${panels} of ${whole[1] ?? panels} channels`);
  else if (kind === "units") parts.push(`${rows} by ${columns}`);
  else if (kind !== "kernels") parts.push(`${columns} from left to right`);
  if (silent.length > 0) {
    const shown = silent.slice(0, MAX_NAMED).join(", ");
    const more = silent.length > MAX_NAMED ? ", …" : "";
    parts.push(`${silent.length} dead: ${shown}${more}`);
  }
  return parts.join(" · ");
}
