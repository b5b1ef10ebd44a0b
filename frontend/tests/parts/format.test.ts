import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatRate,
  formatShare,
  formatValue,
  shorten,
  shortenPath,
} from "../../src/parts/format";

describe("numbers as text", () => {
  it.each([
    [0, "0"],
    [0.25, "0.25"],
    [1234.56, "1235"],
    [0.00012, "1.20e−4"],
    [-2.5e7, "−2.50e7"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("value %d is %s", (value, text) => expect(formatValue(value)).toBe(text));

  it.each([
    [8, "8 s"],
    [65, "1 min 05 s"],
    [7500, "2 h 05 min"],
  ])("%d seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it("formats bytes, rates and fractions", () => {
    expect(formatBytes(512)).toBe("512 B");
    expect(formatBytes(1.5e9)).toBe("1.5 GB");
    expect([1840.4, 12.34, 0.4217].map(formatRate)).toEqual(["1,840", "12.3", "0.42"]);
    expect([0.018, 0.03].map(formatShare)).toEqual(["1.8 %", "3 %"]);
  });

  it("omits the middle of long names", () => {
    expect(shorten("embedding.weight", 10)).toBe("emb…weight");
    expect(shorten("short", 10)).toBe("short");
  });

  it("preserves the layer's number and the end of a path", () => {
    const path = "transformer.h.0.attn.c_attn.weight";
    expect(shortenPath(path, 40)).toBe(path);
    expect(shortenPath(path, 22)).toBe("…0.attn.c_attn.weight");
    expect(shortenPath(path, 16)).toBe("…0…c_attn.weight");
    expect(shortenPath("embedding.weight", 10)).toBe("emb…weight");
  });
});
