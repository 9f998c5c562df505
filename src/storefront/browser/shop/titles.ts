import type { Campaign } from 'floodgate/client'
import { useFound } from './read.ts'
import { client } from './session.ts'

/** Campaigns for lists that name them, and what is in them, by id. @returns a function: undefined for what is not known (yet) */
export function useCampaigns(): (id: string) => Campaign | undefined {
  const { answer } = useFound(() => client.value.campaigns(), [])
  return (id) => answer?.items.find((campaign) => campaign.id === id)
}
