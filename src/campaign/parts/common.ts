import { type Static, type TObject, Type } from 'typebox'
import { Description, Id, Image, Moment, Requires, Spec, Title, whole } from './shapes.ts'

/** The fields that every activity may have. Pages show `title`; kinds without a page may leave it out. */
export const common = {
  id: Id,
  title: Type.Optional(Title),
  description: Type.Optional(Description),
  category: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'must be a text of 1 to 64 characters' })
  ),
  sort: Type.Optional(whole(0, 1_000_000)),
  visibleFrom: Type.Optional(Moment),
  image: Type.Optional(Image),
  spec: Type.Optional(Spec),
  instructions: Type.Optional(Description),
  requires: Type.Optional(Requires)
}

/** What all activities of a definition have in common. */
export type CommonDefinition = Static<TObject<typeof common>>

/** Who supplies what is sold, redeemed or won: for settlements, on no page. */
export const supplied = { supplier: Type.Optional(Id) }

/** A window of its own, inside the campaign's; the campaign's times replace missing ones. */
export const ownWindow = { opensAt: Type.Optional(Moment), closesAt: Type.Optional(Moment) }
