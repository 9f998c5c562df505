-- The most attempts of a minute that has become part of an hour, approximate as they are.

create table attempt_peaks (
  campaign_id text not null,
  -- empty: of all activities together
  activity_id text not null,
  times bigint not null,
  constraint attempt_peaks_pkey primary key (campaign_id, activity_id)
);
