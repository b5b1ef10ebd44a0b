/** The columns of the table: their names, explanations, values and texts. */

import { formatCount, formatDuration, formatValue, shorten } from "../../parts/format";
import { STATUS_TEXTS } from "../controls/facts";
import type { Result, RunEntry } from "./run-entry";

export interface RunColumn {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  readonly isNumber: boolean;
  /** Returns what to sort by; null for an empty cell, which comes last. */
  value(run: RunEntry): number | string | null;
  text(run: RunEntry): string;
  /** Returns more on the text than fits into a cell; "" for nothing. */
  detail(run: RunEntry): string;
}

/** The text of a cell without a value. */
export const NOTHING = "–";
const LOSS = "loss";
/** Begin of the names of what the user gave as the configuration. */
const GIVEN = "config.";
const OPTIMIZER = "optimizer";
/** Values of a setting with which a run does what one without this setting does. */
const OFF: readonly string[] = ["0", "False", "None"];
/** Maximum number of letters of the name of a series or a setting in a header; its tooltip has all. */
const MAX_HEADING = 26;
/** More columns of losses and metrics can hardly be read. */
const MAX_RESULTS = 60;

export const NAME_COLUMN: RunColumn = {
  id: "name",
  name: "Run",
  explanation: "Name of the run, and its file in the folder. A tick marks runs to compare.",
  isNumber: false,
  value: ({ name }) => name,
  text: ({ name }) => name,
  detail: ({ name, key }) => `${name} (${key})`,
};

const STATUS: RunColumn = {
  id: "status",
  name: "Status",
  explanation: "Whether the run is going on, and how it ended.",
  isNumber: false,
  value: (run) => (run.status ? STATUS_TEXTS[run.status][0] : null),
  text: (run) => (run.status ? STATUS_TEXTS[run.status][0] : "Unreadable"),
  detail: ({ error, message, status }) =>
    error ?? message ?? (status ? STATUS_TEXTS[status][1] : ""),
};

const BEFORE: readonly RunColumn[] = [
  STATUS,
  counted("steps", "Steps", "Number of completed steps.", ({ steps }) => steps, formatCount),
];

const AFTER: readonly RunColumn[] = [
  {
    id: "note",
    name: "Note",
    explanation: "What lk.watch(model, note=...) was given; of an unreadable file, the reason.",
    isNumber: false,
    value: ({ note, error }) => error ?? (note || null),
    text: ({ note, error }) => error ?? note,
    detail: ({ note, error }) => error ?? note,
  },
  {
    ...counted(
      "findings",
      "Findings",
      "Number of problems that labkit has found in the run.",
      ({ error, findings }) => (error === null ? findings : null),
      formatCount,
    ),
    detail: ({ finding, findings }) => (findings > 1 ? `${finding} (and more)` : finding),
  },
  {
    ...counted("started", "Started", "When it began.", ({ started }) => started, formatTime),
    detail: ({ started }) =>
      started === null ? "" : new Date(1000 * started).toLocaleString(undefined),
  },
  counted(
    "duration",
    "Duration",
    "Time from its begin to its end, or until now.",
    ({ duration }) => duration,
    formatDuration,
  ),
];

/** Returns the columns after those of the names and of the curves, with those of some settings. */
export function columnsOf(
  runs: readonly RunEntry[],
  settings: readonly string[],
): readonly RunColumn[] {
  const names = [...new Set(runs.flatMap(({ results }) => [...results.keys()]))];
  const [losses, metrics] = [true, false].map((isWanted) =>
    resultColumns(names.filter((name) => isLoss(name) === isWanted)),
  ) as [RunColumn[], RunColumn[]];
  return [...BEFORE, ...losses, ...settings.map(settingColumn(runs)), ...metrics, ...AFTER];
}

/**
 * Returns the names of the configuration, with whether the runs differ in each. A setting that some
 * runs lack counts if the user gave it, or if it is in use in the others: optimizers of different
 * classes have different ones. Of a run whose optimizer is unknown, it is unknown what it lacks.
 */
export function settingsOf(runs: readonly RunEntry[]): ReadonlyMap<string, boolean> {
  const readable = runs.filter(({ error }) => error === null);
  const names = new Set(readable.flatMap(({ configuration }) => Object.keys(configuration)));
  return new Map(
    [...names].map((name) => {
      const having = readable.filter(({ configuration }) => name in configuration);
      const found = [...new Set(having.map(({ configuration }) => configuration[name] ?? ""))];
      const lacking = readable.filter(({ configuration }) => !(name in configuration));
      const isGiven = name.startsWith(GIVEN);
      const counts = isGiven || lacking.some(({ configuration }) => OPTIMIZER in configuration);
      const isInUse = isGiven || found.some((text) => !OFF.includes(text));
      return [name, found.length > 1 || (lacking.length > 0 && counts && isInUse)];
    }),
  );
}

function resultColumns(names: readonly string[]): RunColumn[] {
  return names
    .flatMap((name) => [
      resultColumn(name, "last", "The newest value"),
      resultColumn(name, "lowest", "The lowest value"),
      ...(isLoss(name) ? [] : [resultColumn(name, "highest", "The highest value")]),
    ])
    .slice(0, MAX_RESULTS);
}

function isLoss(name: string): boolean {
  return name.includes(LOSS);
}

function resultColumn(name: string, part: keyof Result, explanation: string): RunColumn {
  const value = ({ results }: RunEntry) => results.get(name)?.[part] ?? null;
  return {
    id: `${part} of ${name}`,
    name: `${shorten(name, MAX_HEADING)}, ${part}`,
    explanation: `${explanation} of ${name}.`,
    isNumber: true,
    value: (run) => {
      const found = value(run);
      return found === null || Number.isNaN(found) ? null : found;
    },
    text: (run) => {
      const found = value(run);
      const isUnknown = found === null || (part !== "last" && Number.isNaN(found));
      return isUnknown ? NOTHING : formatValue(found);
    },
    detail: () => "",
  };
}

function settingColumn(runs: readonly RunEntry[]): (name: string) => RunColumn {
  return (name) => {
    const texts = runs.map(({ configuration }) => configuration[name]);
    const isNumber = texts.every((text) => text === undefined || numberOf(text) !== null);
    return {
      id: `setting ${name}`,
      name: shorten(name, MAX_HEADING),
      explanation: `${name}, in the configuration of the run.`,
      isNumber,
      value: ({ configuration }) => {
        const text = configuration[name];
        if (text === undefined) return null;
        return isNumber ? numberOf(text) : text;
      },
      text: ({ configuration }) => configuration[name] ?? NOTHING,
      detail: ({ configuration }) => configuration[name] ?? "",
    };
  };
}

/** Returns the number that a text is, as in "1,234"; null if it is none. */
function numberOf(text: string): number | null {
  const number = Number(text.replaceAll(",", ""));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}

function counted(
  id: string,
  name: string,
  explanation: string,
  value: (run: RunEntry) => number | null,
  format: (value: number) => string,
): RunColumn {
  return {
    id,
    name,
    explanation,
    isNumber: true,
    value,
    text: (run) => {
      const found = value(run);
      return found === null ? NOTHING : format(found);
    },
    detail: () => "",
  };
}

/** Returns the local date and time, as "2026-01-31 09:05". */
function formatTime(seconds: number): string {
  const time = new Date(1000 * seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
