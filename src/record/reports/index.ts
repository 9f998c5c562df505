import * as all from './all.ts'

/** The decoder of each kind of report; it answers undefined where a decision has nothing to say. */
export const decoders = { ...all } satisfies Readonly<
  Record<string, (text: string) => { readonly kind: string } | undefined>
>

export type ReportKind = keyof typeof decoders

/** What a decision says about itself beyond its type and its record. */
export type Report = Exclude<ReturnType<(typeof decoders)[ReportKind]>, undefined>
