BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE attempts (
	request_id VARCHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	started_at_us BIGINT DEFAULT '0' NOT NULL, 
	completed_at_us BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_response_time_to_first_chunk_us BIGINT DEFAULT '0' NOT NULL, 
	key_alias VARCHAR(128) DEFAULT '' NOT NULL, 
	lane VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_agent_name VARCHAR(128) DEFAULT '' NOT NULL, 
	model_alias VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_operation_name VARCHAR(128) DEFAULT '' NOT NULL, 
	route VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_provider_name VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_request_model VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_response_model VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_response_id VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_response_finish_reason VARCHAR(128) DEFAULT '' NOT NULL, 
	deployment_alias VARCHAR(128) DEFAULT '' NOT NULL, 
	provider_key VARCHAR(128) DEFAULT '' NOT NULL, 
	fallback_index INTEGER NOT NULL, 
	stream BOOLEAN NOT NULL, 
	status VARCHAR(128) DEFAULT '' NOT NULL, 
	http_status INTEGER NOT NULL, 
	error_type VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_usage_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_cache_read_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_cache_creation_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_reasoning_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	usage_source VARCHAR(128) DEFAULT '' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	cost_source VARCHAR(128) DEFAULT '' NOT NULL, 
	cost_caveat VARCHAR(128) DEFAULT '' NOT NULL, 
	price_id VARCHAR(32), counted_at_us BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (request_id, attempt)
);
INSERT INTO "attempts" VALUES('389feddbce5b480884de69e167b26955',1,1795797408563788,1795797408564688,6,'master','','tests','gpt','chat','chat_completions','openai','gpt-5.6','','','','gpt','OPENAI_API_KEY',0,0,'success',200,'',1000,0,0,10,0,'provider',1020000,'local','','4a55a29d6e8d4ea9a9b63a67f5859121',0);
CREATE TABLE limit_windows (
	scope VARCHAR(16) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	measure VARCHAR(16) NOT NULL, 
	time_window VARCHAR(16) NOT NULL, 
	started_at BIGINT NOT NULL, 
	ends_at BIGINT DEFAULT '0' NOT NULL, 
	used BIGINT DEFAULT '0' NOT NULL, 
	reserved BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (scope, name, measure, time_window, started_at)
) WITHOUT ROWID;
INSERT INTO "limit_windows" VALUES('key','alice','nano_usd','month',1793487600,1796079600,1020000,500);
CREATE TABLE prices (
	price_id VARCHAR(32) NOT NULL, 
	gen_ai_provider_name VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_request_model VARCHAR(128) DEFAULT '' NOT NULL, 
	service_tier VARCHAR(128) DEFAULT '' NOT NULL, 
	above_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	effective_at BIGINT DEFAULT '0' NOT NULL, 
	input_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	cache_read_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	cache_creation_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	cache_creation_1h_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	output_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	reasoning_nano_usd_per_m BIGINT DEFAULT '0' NOT NULL, 
	source VARCHAR(128) DEFAULT '' NOT NULL, 
	PRIMARY KEY (price_id)
);
INSERT INTO "prices" VALUES('4a55a29d6e8d4ea9a9b63a67f5859121','openai','gpt-5.6','',0,1000,1000000000,100000000,1000000000,1000000000,2000000000,2000000000,'litellm');
CREATE TABLE requests (
	request_id VARCHAR(32) NOT NULL, 
	x_request_id VARCHAR(128) DEFAULT '' NOT NULL, 
	started_at_us BIGINT DEFAULT '0' NOT NULL, 
	completed_at_us BIGINT DEFAULT '0' NOT NULL, 
	key_alias VARCHAR(128) DEFAULT '' NOT NULL, 
	lane VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_agent_name VARCHAR(128) DEFAULT '' NOT NULL, 
	model_alias VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_operation_name VARCHAR(128) DEFAULT '' NOT NULL, 
	route VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_provider_name VARCHAR(128) DEFAULT '' NOT NULL, 
	gen_ai_request_model VARCHAR(128) DEFAULT '' NOT NULL, 
	stream BOOLEAN NOT NULL, 
	status VARCHAR(128) DEFAULT '' NOT NULL, 
	http_status INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	cache_hit VARCHAR(128) DEFAULT '' NOT NULL, 
	saved_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	user_agent VARCHAR(128) DEFAULT '' NOT NULL, 
	PRIMARY KEY (request_id)
);
INSERT INTO "requests" VALUES('389feddbce5b480884de69e167b26955','from-the-client',1795797408563772,1795797408564772,'master','','tests','gpt','chat','chat_completions','openai','gpt-5.6',0,'success',200,1,'no',0,'unittest');
CREATE TABLE reservations (
	request_id VARCHAR(32) NOT NULL, 
	scope VARCHAR(16) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	measure VARCHAR(16) NOT NULL, 
	time_window VARCHAR(16) NOT NULL, 
	started_at BIGINT DEFAULT '0' NOT NULL, 
	amount BIGINT DEFAULT '0' NOT NULL, 
	owner VARCHAR(32) DEFAULT '' NOT NULL, 
	PRIMARY KEY (request_id, scope, name, measure, time_window)
) WITHOUT ROWID;
INSERT INTO "reservations" VALUES('489feddbce5b480884de69e167b26955','key','alice','nano_usd','month',1793487600,500,'owner');
CREATE TABLE usage_hours (
	hour BIGINT NOT NULL, 
	key_alias VARCHAR(128) NOT NULL, 
	lane VARCHAR(128) NOT NULL, 
	gen_ai_agent_name VARCHAR(128) NOT NULL, 
	model_alias VARCHAR(128) NOT NULL, 
	gen_ai_operation_name VARCHAR(128) NOT NULL, 
	gen_ai_provider_name VARCHAR(128) NOT NULL, 
	gen_ai_request_model VARCHAR(128) NOT NULL, 
	requests BIGINT DEFAULT '0' NOT NULL, 
	failed_requests BIGINT DEFAULT '0' NOT NULL, 
	cache_hits BIGINT DEFAULT '0' NOT NULL, 
	attempts BIGINT DEFAULT '0' NOT NULL, 
	failed_attempts BIGINT DEFAULT '0' NOT NULL, 
	cancelled_attempts BIGINT DEFAULT '0' NOT NULL, 
	counted_attempts BIGINT DEFAULT '0' NOT NULL, 
	unpriced_attempts BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_cache_read_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_cache_creation_input_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	gen_ai_usage_reasoning_output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	saved_nano_usd BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (hour, key_alias, lane, gen_ai_agent_name, model_alias, gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model)
);
INSERT INTO "usage_hours" VALUES(1795795200,'master','','tests','gpt','chat','openai','gpt-5.6',1,0,0,1,0,0,0,0,1000,0,0,10,0,1020000,0);
CREATE INDEX requests_started_at ON requests (started_at_us);
CREATE INDEX attempts_started_at ON attempts (started_at_us);
CREATE INDEX limit_windows_ends_at ON limit_windows (ends_at);
COMMIT;
