/** A line of a comparison of two texts. */
interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
}

/** Lines that stand in one text only, among those that stand in both: the longest common run of lines stays. */
export function diffOf(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  // lengths of the longest common subsequence of what is left from i and j on
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    const [row, below] = [common[i], common[i + 1]]
    if (row === undefined || below === undefined) continue
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' })
      i += 1
      j += 1
    } else if (j >= b.length || (i < a.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push({ kind: 'gone', text: a[i++] ?? '' })
    } else lines.push({ kind: 'new', text: b[j++] ?? '' })
  }
  return lines
}

/** What changed, with a few lines around it; what is the same for long is left out. @param around lines */
export function shortened(lines: readonly DiffLine[], around: number): Array<DiffLine | 'left out'> {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== 'same')
  )
  return lines.flatMap((line, at): Array<DiffLine | 'left out'> => {
    if (near[at]) return [line]
    return near[at - 1] || at === 0 ? ['left out'] : []
  })
}
