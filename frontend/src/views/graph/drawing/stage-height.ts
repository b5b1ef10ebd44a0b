/** Adapts the height of the stage to the layout, until the user changes it. */

import type { ViewSettings } from "../../../parts/view-settings";
import type { Rect } from "../layout/placement";
import { READABLE_SCALE } from "./viewport";

const MIN_HEIGHT = 220;
const MAX_HEIGHT = 420;
const MARGIN = 28;
/** Settings: the height, and the height of the layout, which differs if the user changed it. */
const HEIGHT = "graph height";
const APPLIED_HEIGHT = "graph height of the layout";

export class StageHeight {
  private appliedHeight = "";
  private settings: ViewSettings | null = null;

  constructor(private readonly stage: HTMLElement) {}

  /** Applies the height of the previous view of the run; stores that of this one from now on. */
  restore(settings: ViewSettings): void {
    this.settings = settings;
    this.appliedHeight = settings.get(APPLIED_HEIGHT) ?? "";
    this.stage.style.height = settings.get(HEIGHT) ?? "";
  }

  /** Stores the height, which the user may have changed. */
  save(): void {
    this.settings?.set(HEIGHT, this.stage.style.height || null);
  }

  /** Adapts the height to the bounds of a layout; with `keep` it is not reduced. */
  fit(bounds: Rect, keep: boolean): void {
    const { style, clientWidth, clientHeight } = this.stage;
    if (clientWidth === 0 || style.height !== this.appliedHeight) return;
    const scale = Math.min(1, Math.max(READABLE_SCALE, (clientWidth - MARGIN) / bounds.width));
    const needed = Math.min(
      MAX_HEIGHT,
      Math.max(MIN_HEIGHT, Math.round(bounds.height * scale) + 2 * MARGIN),
    );
    this.appliedHeight = `${keep ? Math.max(needed, clientHeight) : needed}px`;
    style.height = this.appliedHeight;
    this.settings?.set(APPLIED_HEIGHT, this.appliedHeight);
    this.save();
  }
}
