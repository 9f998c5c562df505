-- Answers of surveys, taken over from user_texts by the decision that they were given for. Texts are in no other place.
create table survey_answers (
  answer_id text constraint survey_answers_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  -- {"ratings": {}, "choices": {}, "texts": {}} by question; null where they were lost: such an answer counts nowhere
  answers jsonb,
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  answered_at timestamptz not null
);

create index survey_answers_newest on survey_answers
  (campaign_id, activity_id, answered_at desc, epoch desc, sequence desc);

-- How often each value was given, so that results cost the same however many answers there are. question '' counts whole answers,
-- value '' those in which the question is answered. A row for each shard, which its owner alone writes.
create table survey_counts (
  campaign_id text not null,
  activity_id text not null,
  question text not null,
  value text not null,
  shard integer not null,
  answers bigint not null default 0 check (answers >= 0),
  constraint survey_counts_pkey primary key (campaign_id, activity_id, question, value, shard)
);
