BEGIN TRANSACTION;
CREATE TABLE answers (
  number INTEGER PRIMARY KEY, custom_id TEXT NOT NULL, stage TEXT NOT NULL, batch INTEGER,
  outcome TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, usd REAL NOT NULL,
  line TEXT);
INSERT INTO "answers" VALUES(1,'w-1','keywords',1,'ok',10,5,0.01,'{"a":1}');
INSERT INTO "answers" VALUES(2,'w-2','keywords',1,'unserved',0,0,0.0,NULL);
CREATE TABLE batches (
  number INTEGER PRIMARY KEY, stage TEXT NOT NULL, shard TEXT NOT NULL, model TEXT NOT NULL,
  state TEXT NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
  queued_tokens INTEGER NOT NULL, worst_usd REAL NOT NULL, intended_at REAL NOT NULL, tried_at REAL,
  creates INTEGER NOT NULL DEFAULT 0,
  file_id TEXT, batch_id TEXT UNIQUE, status TEXT, created_at REAL, expires_at REAL,
  completed INTEGER NOT NULL DEFAULT 0, cancel_at REAL, duplicate_of INTEGER,
  lost_usd REAL NOT NULL DEFAULT 0, usage_input_tokens INTEGER, usage_output_tokens INTEGER, note TEXT);
INSERT INTO "batches" VALUES(1,'keywords','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','gpt-4o','settled',2,100,100,0.5,1764299990.5,1764299999.0,1,'file-1','batch_1','completed',1764300000.0,1764386400.0,0,NULL,NULL,0.0,NULL,NULL,'');
INSERT INTO "batches" VALUES(2,'captions','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','gpt-4o','submitted',2,50,50,0.25,1764300100.0,1764300101.0,1,'file-2','batch_2','validating',1764300000.0,1764386400.0,0,NULL,NULL,0.0,NULL,NULL,NULL);
INSERT INTO "batches" VALUES(3,'captions','cccccccccccccccccccccccccccccccc','gpt-4o','intended',1,50,50,0.125,1764300200.0,NULL,0,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0.0,NULL,NULL,NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
INSERT INTO "facts" VALUES('run','f6f54a267400c99865dce2cebc5772bc');
CREATE TABLE members (
  batch INTEGER NOT NULL, custom_id TEXT NOT NULL, items INTEGER NOT NULL,
  PRIMARY KEY (batch, custom_id)) WITHOUT ROWID;
INSERT INTO "members" VALUES(1,'w-1',3);
INSERT INTO "members" VALUES(1,'w-2',3);
INSERT INTO "members" VALUES(2,'w-2',3);
INSERT INTO "members" VALUES(2,'w-3',2);
INSERT INTO "members" VALUES(3,'w-4',1);
CREATE INDEX answers_by_id ON answers (custom_id);
COMMIT;
