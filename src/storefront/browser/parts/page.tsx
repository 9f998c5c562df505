import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { linkTo } from '../shop/route.ts'
import { say } from '../shop/words.ts'

/** A screen with its title, which the tab has too. @param isBelow whether a link leads back to the campaigns */
export function Page({
  title,
  isBelow = false,
  children
}: {
  title: string
  isBelow?: boolean
  children: ComponentChildren
}) {
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <main>
      {isBelow && (
        <a class="back" href={linkTo()}>
          ‹ {say('back')}
        </a>
      )}
      <h1>{title}</h1>
      {children}
    </main>
  )
}
