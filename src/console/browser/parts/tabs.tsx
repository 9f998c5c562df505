import { route } from '../route.ts'

const TABS = [
  ['', 'Live'],
  ['/definition', 'Definition'],
  ['/draws', 'Draws'],
  ['/units', 'Points and pools'],
  ['/prizes', 'Prizes'],
  ['/report', 'Report']
] as const

/** The screens of a campaign. */
export function Tabs({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const here = route.value.split('?')[0]
  return (
    <nav class="tabs" aria-label="Campaign">
      {TABS.map(([to, name]) => (
        <a key={to} href={`#${path}${to}`} aria-current={here === `${path}${to}` ? 'page' : undefined}>
          {name}
        </a>
      ))}
      <a href={`#/orders?campaign=${encodeURIComponent(id)}`}>Orders</a>
      <a href={`#/wins?campaign=${encodeURIComponent(id)}`}>Wins</a>
      <a href={`#/audit?target=${encodeURIComponent(`campaign:${id}`)}`}>Changes</a>
    </nav>
  )
}
