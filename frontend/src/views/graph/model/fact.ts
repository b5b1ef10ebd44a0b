/** A named fact for the tooltip and the details. */
export type Fact = readonly [name: string, value: string];
