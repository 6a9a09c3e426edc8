-- The columns and keys of the music shop, and an index for whatever it is asked for.
CREATE TABLE genre (genre_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE media_type (media_type_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE artist (artist_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE album (
  album_id integer PRIMARY KEY,
  title text NOT NULL,
  artist_id integer NOT NULL REFERENCES artist
);
CREATE TABLE track (
  track_id integer PRIMARY KEY,
  name text NOT NULL,
  album_id integer NOT NULL REFERENCES album,
  media_type_id integer NOT NULL REFERENCES media_type,
  genre_id integer NOT NULL REFERENCES genre,
  composer text,
  milliseconds integer NOT NULL,
  bytes integer NOT NULL,
  unit_price numeric(10, 2) NOT NULL
);
CREATE TABLE employee (
  employee_id integer PRIMARY KEY,
  last_name text NOT NULL,
  first_name text NOT NULL,
  title text NOT NULL,
  reports_to integer REFERENCES employee,
  email text NOT NULL
);
CREATE TABLE customer (
  customer_id integer PRIMARY KEY,
  first_name text NOT NULL,
  last_name text NOT NULL,
  company text,
  country text NOT NULL,
  email text NOT NULL,
  support_rep_id integer NOT NULL REFERENCES employee
);
CREATE TABLE invoice (
  invoice_id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customer,
  invoice_date timestamptz NOT NULL,
  billing_country text NOT NULL,
  total numeric(10, 2) NOT NULL
);
CREATE TABLE invoice_line (
  invoice_line_id integer PRIMARY KEY,
  invoice_id integer NOT NULL REFERENCES invoice,
  track_id integer NOT NULL REFERENCES track,
  unit_price numeric(10, 2) NOT NULL,
  quantity integer NOT NULL
);
CREATE TABLE playlist (playlist_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE playlist_track (
  playlist_id integer NOT NULL REFERENCES playlist,
  track_id integer NOT NULL REFERENCES track,
  PRIMARY KEY (playlist_id, track_id)
);
CREATE INDEX ON album (artist_id);
CREATE INDEX ON album (title);
CREATE INDEX ON artist (name);
CREATE INDEX ON track (album_id);
CREATE INDEX ON track (genre_id);
CREATE INDEX ON track (media_type_id);
CREATE INDEX ON track (milliseconds);
CREATE INDEX ON track (name);
CREATE INDEX ON track (genre_id, milliseconds DESC);
CREATE INDEX ON customer (support_rep_id);
CREATE INDEX ON customer (country);
CREATE INDEX ON invoice (customer_id);
CREATE INDEX ON invoice (invoice_date);
CREATE INDEX ON invoice_line (invoice_id);
CREATE INDEX ON invoice_line (track_id);
CREATE INDEX ON playlist_track (track_id);
CREATE INDEX ON employee (reports_to);
