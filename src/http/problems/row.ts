/** What a problem says in one language; `{member}` stands for a member of the problem. */
export interface ProblemText {
  readonly title: string
  readonly detail: string
  /** said instead of `detail` where a member that it names is missing or null */
  readonly without?: string
}

/** One code: its HTTP status, the members it may carry, and its words. */
export interface ProblemRow {
  readonly status: number
  readonly members: readonly string[]
  readonly en: ProblemText
  readonly 'zh-CN': ProblemText
}
