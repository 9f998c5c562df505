/** How often activities were used by way of this process since it started. */
export class ActivityUse {
  readonly #campaigns = new Map<string, Map<string, number>>()

  /** Counts one confirmed participation. */
  count(campaign: string, activity: string): void {
    let activities = this.#campaigns.get(campaign)
    if (activities === undefined) {
      activities = new Map()
      this.#campaigns.set(campaign, activities)
    }
    activities.set(activity, (activities.get(activity) ?? 0) + 1)
  }

  of(campaign: string, activity: string): number {
    return this.#campaigns.get(campaign)?.get(activity) ?? 0
  }
}
