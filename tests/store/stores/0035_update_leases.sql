-- master key 624b3f0ee9632ad957e2a91d1a4f105e4b5bfab7fca2572e8632b51d3658c2e9
BEGIN TRANSACTION;
CREATE TABLE acme_accounts (
	id VARCHAR(64) NOT NULL, 
	directory TEXT NOT NULL, 
	contacts TEXT NOT NULL, 
	authority TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	binding_id TEXT NOT NULL, 
	binding_key BLOB NOT NULL, 
	url TEXT NOT NULL, 
	CONSTRAINT pk_acme_accounts PRIMARY KEY (id)
);
CREATE TABLE acme_challenges (
	token VARCHAR(255) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	answer TEXT NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_acme_challenges PRIMARY KEY (token)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('update_leases');
CREATE TABLE application_providers (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_application_providers PRIMARY KEY (application, provider), 
	CONSTRAINT fk_application_providers_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_application_providers_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
CREATE TABLE applications (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	external TEXT NOT NULL, 
	external_host VARCHAR(255) NOT NULL, 
	external_path VARCHAR(1024) NOT NULL, 
	internal TEXT NOT NULL, 
	preauthentication VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_applications PRIMARY KEY (id), 
	CONSTRAINT uq_applications_external_host_external_path UNIQUE (external_host, external_path), 
	CONSTRAINT uq_applications_name_key UNIQUE (name_key), 
	CONSTRAINT fk_applications_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT, 
	CONSTRAINT fk_applications_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
INSERT INTO "applications" VALUES('e86bf447e39362bf','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','d36dbf6038947850','builtin','{"backend_timeout": "120"}',1.79607156681174683575e+09);
INSERT INTO "applications" VALUES('dca5c400c0fc73c7','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607157013734078411e+09);
INSERT INTO "applications" VALUES('53717d0de46a34d4','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','42cb5d49398e9b05','{}',1.79607160352593755721e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('e86bf447e39362bf','builtin','group','bbfbfa455decab28',0);
INSERT INTO "assignments" VALUES('53717d0de46a34d4','42cb5d49398e9b05','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, link VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607156015398597721e+09,'local:0','connector.token','e7ccf24f338e1944','{"expires": 1796075160.153986, "group": "default", "uses": 1}','1621918761894c7a43b767a82add1469d5a5b3f54d96fe6a438fdf893433c35a');
INSERT INTO "audit" VALUES(2,1.79607156387466025356e+09,'local:0','connector_group.add','d36dbf6038947850','{"id": "d36dbf6038947850", "name": "lab", "needs_approval": true}','b6d33dfc3fb6a6129566906e5ed63fef3455e7d4e9a970040bb9ded1789241c8');
INSERT INTO "audit" VALUES(3,1.79607156681174683575e+09,'local:0','application.publish','e86bf447e39362bf','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "e86bf447e39362bf", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','39b82acdb91b84fea91a96147ce6d98dd8c9fa34c2dafb0d9e735d3e1c3666d0');
INSERT INTO "audit" VALUES(4,1.79607157013734078411e+09,'local:0','application.publish','dca5c400c0fc73c7','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "dca5c400c0fc73c7", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','0c98923a9432899bfc12eb283c83e1dc24635cffa3745e74dd3500e53ebe5504');
INSERT INTO "audit" VALUES(5,1.79607157340213322632e+09,'local:0','application.set','e86bf447e39362bf','{"name": "wiki", "settings": {"backend_timeout": "120"}}','a13654e468b6904727ca8b53dc5d1a1f5de9147b841ac880b74f92f5409c89d3');
INSERT INTO "audit" VALUES(6,1.79607157725659775729e+09,'local:0','user.add','1dfe4837b14ea443','{"groups": ["staff"], "name": "alice"}','9569dc0252589ef0d39fa36bbddd0c309f966ebbd62acfca8556619e04828008');
INSERT INTO "audit" VALUES(7,1796071583.04719,'local:0','user.add','5eb35a063ca4bf19','{"groups": [], "name": "bob"}','3cbb6d32dda6b728c24a20807d4bcdd145581adda195ab6cf4f283b9cc451b18');
INSERT INTO "audit" VALUES(8,1.79607158851593852041e+09,'local:0','user.add_to_group','5eb35a063ca4bf19','{"group": "staff", "name": "bob"}','bdbcef9c0fe3673ddfdc336e54ac57d3028ed9e60e06650ea824193ccb284cac');
INSERT INTO "audit" VALUES(9,1.79607159283831858639e+09,'local:0','application.assign','e86bf447e39362bf','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "bbfbfa455decab28"}','7920892bff80ea9449d4e44452a6d971829d3def56ddfaa3e5506c0f19ccf694');
INSERT INTO "audit" VALUES(10,1.79607159643639945978e+09,'local:0','connector.token','7325c877c513d7e5','{"expires": 1796075196.4363995, "group": "lab", "uses": 3}','b176aa53edf39e9e13ae2034f9b30b867314a8e924131334927b43f828d96986');
INSERT INTO "audit" VALUES(11,1.79607160012451553339e+09,'local:0','provider.add','42cb5d49398e9b05','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "fetch_groups": false, "groups_claim": "groups", "id": "42cb5d49398e9b05", "idle_minutes": 240.0, "issuer": "https://login.corp.example/", "keys": "", "kind": "oidc", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"], "secret_changed": 1796071600.1245155, "session_hours": 12.0, "settings": {}}','42c754dad8203ba0696aa0c4bcacc11172fd8ce71f2fcbd6f4f5a05ad1de2d3a');
INSERT INTO "audit" VALUES(12,1.79607160352593755721e+09,'local:0','application.publish','53717d0de46a34d4','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "53717d0de46a34d4", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "providers": ["corp"], "segments": [], "settings": {}}','ca904bcddc42a21cd5c0caf6b2c0a0d313cb4d3628fea42a237ac665b453bc10');
INSERT INTO "audit" VALUES(13,1.79607160776036500933e+09,'local:0','application.assign','53717d0de46a34d4','{"maintainer": false, "name": "sales", "provider": "corp", "user": "5f2b7c", "value": "5f2b7c"}','f3431c8c3c5c19e777c86f6e0d3c3e85a92f295ef1e1c2253fe8056e1d67d963');
INSERT INTO "audit" VALUES(14,1.79607161172398471834e+09,'local:0','segment.add','e86bf447e39362bf','{"external": "https://handbook.example.com/", "id": "e3863c1ab03077b7", "internal": "http://wiki.internal:8080/", "name": "wiki"}','8480c84bc6677ebe7d27998c2dcd3b0f5061feceaf04de41d77d93c9049819dd');
INSERT INTO "audit" VALUES(15,1.79607161597190809251e+09,'local:0','cors.add','e86bf447e39362bf','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}','23cbdcfcce9cced75357e02649c64fb59fd38db24d186af72c89d95ab8ade708');
INSERT INTO "audit" VALUES(16,1.79607162079407548906e+09,'local:0','client.add','72170a39ce2cc04e','{"backchannel_logout_session_required": false, "backchannel_logout_uri": "", "ca_bundle": 0, "frontchannel_logout_uri": "", "name": "grafana", "post_logout_redirect_uris": [], "redirect_uris": ["https://grafana.example.com/login"]}','ffcf5a7b8f7516f7419e3724880ac31865a04b0cb172e0eb53de2ca2908e5baf');
INSERT INTO "audit" VALUES(17,1.79607162572598862649e+09,'local:0','native_client.add','e368e93a0b42ad56','{"applications": ["wiki"], "created": 1796071625.7259886, "device_codes": false, "id": "e368e93a0b42ad56", "name": "tools", "redirect_uris": ["http://127.0.0.1/callback"]}','228bddbd770cfda006a69d71b5491359fb8ce614b9ceaff41baf54dcf8c4bb28');
INSERT INTO "audit" VALUES(18,1.79607163042262649534e+09,'local:0','role.assign','bbfbfa455decab28','{"application": "", "expires": 0.0, "kind": "group", "name": "staff", "provider": "builtin", "role": "help-desk", "value": "bbfbfa455decab28"}','58d67608840991276a582e1b4181b2089ce3d9208b82100ab72322f16b320efa');
INSERT INTO "audit" VALUES(19,1.79607163567683601377e+09,'local:0','audit_export.add','f7671edaa49838cb','{"destination": "file:///var/log/appproxy/audit.json", "format": "json", "name": "archive", "start": "now"}','4140e08c8199dbc12089452ba3d3ab384697990abdec05e008903f7a60a12799');
CREATE TABLE audit_chains (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	start VARCHAR(64) NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	begins BIGINT NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_chains PRIMARY KEY (id)
);
INSERT INTO "audit_chains" VALUES('known',X'733141E226036250F2A1270746B0297E88463A38C0F68A32790E8FB31F347D4B61175BB9D09B2C1BE25F98341F88FDE7F121629C4957F58FF2DED23A3D7A449A2236','0000000000000000000000000000000000000000000000000000000000000000','4140e08c8199dbc12089452ba3d3ab384697990abdec05e008903f7a60a12799',1,'005b2db6e5a82b4e39f7c081af1c4fe1714638c8ee4bd5a74cbd6f54e299b485');
CREATE TABLE audit_exports (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	url TEXT NOT NULL, 
	format VARCHAR(64) NOT NULL, 
	ca_bundle TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	position BIGINT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	delivered DOUBLE NOT NULL, 
	sent BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	lost BIGINT NOT NULL, 
	CONSTRAINT pk_audit_exports PRIMARY KEY (id), 
	CONSTRAINT uq_audit_exports_name_key UNIQUE (name_key)
);
INSERT INTO "audit_exports" VALUES('f7671edaa49838cb','archive','archive','file:///var/log/appproxy/audit.json','json','','',X'733141E2260337BC7299CA2DE61CE4657E9B0518EB996528418BECC97A63FEECE919',X'733141E226036EA96AF50B6BB85C3867ECDDA34568E98CE90715B74A663221190467',1.79607163567683601377e+09,18,'',0.0,1.79607163567683601377e+09,0,'',0.0,0,0,0);
CREATE TABLE authenticator_apps (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	secret BLOB NOT NULL, 
	last_step BIGINT NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_authenticator_apps PRIMARY KEY (id), 
	CONSTRAINT fk_authenticator_apps_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('b0928731c2931bac','connector','-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQQPp6gS5b4sZxM/OQL018UzAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDc2NTVkNjlkNzk0NGUyMmMwHhcN
MjYxMTI5MjA0NTU4WhcNMzYxMTMwMDg0NTU4WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDc2NTVkNjlkNzk0NGUyMmMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARJ1D4B0NuG1ahJQAZvP665A3RioGCCPZhLxvfpA4lgbpsQwY+DKb9j
640S7SHKP2QsVy8x1iS5S83ZiXJcvJ0wo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUa0+rUBQu4kXIjRxCm+3wnz8gb8Yw
CgYIKoZIzj0EAwIDSAAwRQIhAPgxtydHC0vHtAlSA2h2Y5T3UBNqx3vBZFS0y+IF
m87iAiAqxKzcFca2VyWP70LIaLd6BQgrxnhAxy7PsBB93lNdyg==
-----END CERTIFICATE-----
',X'733141E22603A01444EB01AE0CC896239CBBE9E2C709C8E25080703C5599BDDC2994F2BD07740496B83F4121A0E2B798097F272DAC8457B59B86C094193423403E25CFB7AF87C5976039E3F542E27CD0AD2B17EFF30A405ECE9AFCE325300A7D41BC3AC905E0B6158BADFE2BB82A77483D13BE9D7AF8756FD919253A1D486832CCC20E9B95EDD50DA7D75F3CC418915D80A45E7AB9B73627D91363C71AF120C952ACB9166D4383E5170210CF042B5A95D6F60A3631AE65B161B96C89DE90DF7BC7CC9AC4C79AB7514E52BF8E77D2CB4E538086AC31EB44091A3CF6817B59BBD8096392421D1C20CAB5B79EA263648EC19E3B5A6208C6967C8189319B9CA2026E212CE757B1B8014C9C47E7C8A591A4657A592A',1.79607155842535972595e+09,2111647558.0);
INSERT INTO "authorities" VALUES('18947ad45e371f17','user','-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQYPHEKysj77Rbmaths2mqWjAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSA3NjU1ZDY5ZDc5NDRlMjJjMB4X
DTI2MTEyOTIwNDU1OFoXDTM2MTEzMDA4NDU1OFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gNzY1NWQ2OWQ3OTQ0ZTIyYzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCztf1U6WYd639/VqBxnNYzLKCwbhhLqyfWXWfC/AOw3z8Ie7yU8
WvqFwNV7SeooylEqltC2U0cHpO/AG3gXz/WjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRHWSNpkhYF8lRJ4TleG45cu7hM
zTAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgKGs4dyzd1g5evM8g9gX9S1s9Uakyl0ncFTwAVgY/ycACIDrhcPyYcGdwwvf5
+UR8XWduH+7G3rUYhUabM+qx3FA4
-----END CERTIFICATE-----
',X'733141E226031AF5C5500CC597C40727D3794AC4DD45A05C9C4E2A625D1B3130FA86872BD46A905208B9FB807C019B7A3BE360CEB279D14F32D7D19FA7C6A08DFD7AC2487220F25310956C87210C524A0B6248E043D0332C29B491891E2A0482C356B7BD6CF6DCEB31558852D0C90F0E1475706F75CB7EA073392EF387C8AF7AB5C462C3C7000770B54D8385B9340AC5808A87E9D91B85B14FC028E8A22CB1A1336CE574CD19E5C257300804F74B55E5F055B80DE631FF3021072A88FC92741BEAE857C7FE1EA368FFE2A98DDC320CE6EAED8EF12E22F244C0F65B1AD8AAF5A9EEE2FC836719599CDD9FF3DB7128D9DA8D35224A43ED388F5D52EF6AA2D37A551582C9B5567358CE6861EF2780EF84326A4637',1.79607155842535972595e+09,2111647558.0);
CREATE TABLE break_glass (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_break_glass PRIMARY KEY (provider, subject), 
	CONSTRAINT fk_break_glass_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE certificate_orders (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	hosts TEXT NOT NULL, 
	challenge VARCHAR(64) NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_certificate_orders PRIMARY KEY (id), 
	CONSTRAINT uq_certificate_orders_name_key UNIQUE (name_key)
);
CREATE TABLE certificates (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	source VARCHAR(64) NOT NULL, 
	names TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	not_before DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_certificates PRIMARY KEY (id), 
	CONSTRAINT uq_certificates_name_key UNIQUE (name_key)
);
CREATE TABLE client_keys (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	certificate TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	given BOOLEAN NOT NULL, 
	CONSTRAINT pk_client_keys PRIMARY KEY (id), 
	CONSTRAINT fk_client_keys_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE client_sessions (
	client VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	began DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	CONSTRAINT pk_client_sessions PRIMARY KEY (client, sid), 
	CONSTRAINT fk_client_sessions_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	post_logout_redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, backchannel_logout_uri TEXT DEFAULT '' NOT NULL, backchannel_logout_session_required BOOLEAN DEFAULT 0 NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, frontchannel_logout_uri TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id), 
	CONSTRAINT uq_clients_name_key UNIQUE (name_key)
);
INSERT INTO "clients" VALUES('72170a39ce2cc04e','grafana','grafana','64e57b74c22a229a62fc0659e9c14a26ca1c802de87323f74830e35d7edeb78f','',0.0,'["https://grafana.example.com/login"]','[]',1.79607162079407548906e+09,1.79607162079407548906e+09,'',0,'','');
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('d36dbf6038947850','lab','lab',1);
CREATE TABLE connector_places (
	connector VARCHAR(64) NOT NULL, 
	node VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_connector_places PRIMARY KEY (connector, node), 
	CONSTRAINT fk_connector_places_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, inactive DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connector_sightings PRIMARY KEY (connector), 
	CONSTRAINT fk_connector_sightings_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connectors (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	certificate_serial VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	enrolled DOUBLE NOT NULL, certificate_begins DOUBLE DEFAULT '0' NOT NULL, older_until DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connectors PRIMARY KEY (id), 
	CONSTRAINT fk_connectors_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT
);
CREATE TABLE cors_rules (
	application VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	origins TEXT NOT NULL, 
	methods TEXT NOT NULL, 
	headers TEXT NOT NULL, 
	exposed TEXT NOT NULL, 
	credentials BOOLEAN NOT NULL, 
	max_age INTEGER NOT NULL, 
	CONSTRAINT pk_cors_rules PRIMARY KEY (application, host, path), 
	CONSTRAINT fk_cors_rules_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "cors_rules" VALUES('e86bf447e39362bf','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE device_codes (
	id VARCHAR(64) NOT NULL, 
	user_code VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	session TEXT NOT NULL, 
	denied BOOLEAN NOT NULL, 
	polled DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_device_codes PRIMARY KEY (id), 
	CONSTRAINT uq_device_codes_user_code UNIQUE (user_code), 
	CONSTRAINT fk_device_codes_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE
);
CREATE TABLE directories (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	place INTEGER NOT NULL, 
	bind_password BLOB NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_directories PRIMARY KEY (id), 
	CONSTRAINT uq_directories_name_key UNIQUE (name_key)
);
CREATE TABLE directory_groups (
	group_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_directory_groups PRIMARY KEY (group_id), 
	CONSTRAINT fk_directory_groups_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_groups_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_groups_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE directory_users (
	user_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	password_mark VARCHAR(128) NOT NULL, 
	checked DOUBLE NOT NULL, 
	CONSTRAINT pk_directory_users PRIMARY KEY (user_id), 
	CONSTRAINT fk_directory_users_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_users_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_users_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','e86bf447e39362bf');
INSERT INTO "external_urls" VALUES('status.example.com','/','dca5c400c0fc73c7');
INSERT INTO "external_urls" VALUES('sales.example.com','/','53717d0de46a34d4');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','e86bf447e39362bf');
CREATE TABLE idempotent_answers (
	id VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	answer BLOB NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_idempotent_answers PRIMARY KEY (id)
);
CREATE TABLE join_tokens (
	id VARCHAR(64) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	uses INTEGER NOT NULL, 
	uses_left INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_join_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_join_tokens_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE
);
INSERT INTO "join_tokens" VALUES('e7ccf24f338e1944','ad9f8e5e1110800fc03c3f514b8a3f232982eee17f8764f651bf30725c409773','default',1,1,1.79607156015398597721e+09,1.79607516015398597716e+09);
INSERT INTO "join_tokens" VALUES('7325c877c513d7e5','e52f50f2da3170a610bd1607d75cd593ed3650662e2f505972354a8835faa6f0','d36dbf6038947850',3,3,1.79607159643639945978e+09,1.79607519643639945987e+09);
CREATE TABLE kept_forms (
	id VARCHAR(64) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	place VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	expires DOUBLE NOT NULL, 
	form BLOB NOT NULL, 
	CONSTRAINT pk_kept_forms PRIMARY KEY (id)
);
CREATE TABLE leaves (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_leaves PRIMARY KEY (id), 
	CONSTRAINT fk_leaves_authority FOREIGN KEY(authority) REFERENCES authorities (id) ON DELETE CASCADE
);
INSERT INTO "leaves" VALUES('64a4789298435fbe','connector','b0928731c2931bac','-----BEGIN CERTIFICATE-----
MIIB4jCCAYigAwIBAgIQD1sa5zxsILkyXG8QCSdtDTAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDc2NTVkNjlkNzk0NGUyMmMwHhcN
MjYxMTI5MjA0NTU4WhcNMjcxMTMwMjA0NTU4WjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8W8w/IreAGIO
khDDNOico5HddLDNAnyYuSPU9oahgJVWSSaVgMReLUFutxlQMhgGbcu/WNtf6ZFf
LCIcVB34b6OBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBS1LLo/aRFIZJGR6xlGfq6c1gfyqjAfBgNVHSMEGDAWgBRrT6tQ
FC7iRciNHEKb7fCfPyBvxjAKBggqhkjOPQQDAgNIADBFAiBnlqvGt6E8ckv/seiO
vRh55IAL6/eRSI20pFESCrSNtQIhALNaa0Zrma+fAzOgtJWp2UaifLYBj6gFRsxK
BEmYA9ul
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQQPp6gS5b4sZxM/OQL018UzAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDc2NTVkNjlkNzk0NGUyMmMwHhcN
MjYxMTI5MjA0NTU4WhcNMzYxMTMwMDg0NTU4WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDc2NTVkNjlkNzk0NGUyMmMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARJ1D4B0NuG1ahJQAZvP665A3RioGCCPZhLxvfpA4lgbpsQwY+DKb9j
640S7SHKP2QsVy8x1iS5S83ZiXJcvJ0wo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUa0+rUBQu4kXIjRxCm+3wnz8gb8Yw
CgYIKoZIzj0EAwIDSAAwRQIhAPgxtydHC0vHtAlSA2h2Y5T3UBNqx3vBZFS0y+IF
m87iAiAqxKzcFca2VyWP70LIaLd6BQgrxnhAxy7PsBB93lNdyg==
-----END CERTIFICATE-----
',X'733141E2260333B626504008B8420572A102132C8A894244640BEA94AF3D6DB0371BF374D3AAD288DCA812E2C550BD97107DFD53B7AD3C219EADD6CE264B7056304009541126E17C8774F1E180B8B72BA97198D08E59C2448349BAAE30753AD536DB9A65E87683268B00B04CEED0205311EFEA7D6C169B96E849CA4C77E5F2083E17BB8E20CA9E7302248F4B6671203427A586EF2F9A0637173CFB66A5EAE6328C2ADF686C7BD166CB5C85D00ADE2F8EB1D69958CA50183A3D62F9D361FD9A529EA7F21A6246A9C351450AC95C1539D8B90281E3A45904D4EF7DFE9B9BDFE74D641EDA84CDAB432C3E99D98B28973DD5B23F811B49E2A6762757214A91B38FE54EF4CB4A0624F0B3F875A84E0E44C456E59391',1.79607155842535972595e+09,1827607558.0);
INSERT INTO "leaves" VALUES('6b02316c646592a8','user','18947ad45e371f17','-----BEGIN CERTIFICATE-----
MIIB4jCCAYigAwIBAgIQb6W43koSXJTDE4gTQ54CkTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSA3NjU1ZDY5ZDc5NDRlMjJjMB4X
DTI2MTEyOTIwNDU1OFoXDTI3MTEzMDIwNDU1OFowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT8XEB74LOTGYb/L5MxqcAD
o9lE6hCgjkKgUDsqXXdLml6kzmbX9I3VmIWO+zp1wdR6TSve9UNyD/0rbA1KlOea
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBTSwXWPoq3ziIHyEJUFG3w/sasAMDAfBgNVHSMEGDAWgBRHWSNp
khYF8lRJ4TleG45cu7hMzTAKBggqhkjOPQQDAgNIADBFAiEA2vi9a0aw9hD11VA0
0vw9YOThXsCJSknv4NQbW/pzM0gCIBIexslz7laGWILy7Oxl35hN29/k+Uz0OqAc
ADZOrOnN
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQYPHEKysj77Rbmaths2mqWjAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSA3NjU1ZDY5ZDc5NDRlMjJjMB4X
DTI2MTEyOTIwNDU1OFoXDTM2MTEzMDA4NDU1OFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gNzY1NWQ2OWQ3OTQ0ZTIyYzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCztf1U6WYd639/VqBxnNYzLKCwbhhLqyfWXWfC/AOw3z8Ie7yU8
WvqFwNV7SeooylEqltC2U0cHpO/AG3gXz/WjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRHWSNpkhYF8lRJ4TleG45cu7hM
zTAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgKGs4dyzd1g5evM8g9gX9S1s9Uakyl0ncFTwAVgY/ycACIDrhcPyYcGdwwvf5
+UR8XWduH+7G3rUYhUabM+qx3FA4
-----END CERTIFICATE-----
',X'733141E226035BEFA0CC8275B19ED1CF91AD3143170A5EF772B55E27F942638C00975A9041E2E6DCD1A7627E1B5566600BBC604EF7A1FC2C97AEA27FFC36BACE3A367A2D6919213B47F8E4F6EB17145E2DFC59E81E89351E65E1C8F153623750307FFF9BA165BCB9D0CC81AC7F8E4C451FCA60CF81AA15FE06C567901F9C7F53FA31DA9C4A6C372029386E2DD5776991443A017D803D473AAEFD400612AC6D87DA686A02804D5B731C0724FA86E03B35B21595221F956FEFF139F075EB15672765B0C41AF026A653A5983C6ECA1DEFAE7D73587086AC79EB684C1F8DB581D7083ABFF195D16F6F536244C201F40EA7A1ADFC3CC2310A8586A16CE7B13660708E2A66D190B4E52A73A7DEA1FD3D83E71C4EA995',1.79607155842535972595e+09,1827607558.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'733141E2260349193523586C41BC3B89C8ABE97AE44A022DD3C2FCE6AF817334ADEDE533B3B1486B2258');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('1dfe4837b14ea443','bbfbfa455decab28');
INSERT INTO "memberships" VALUES('5eb35a063ca4bf19','bbfbfa455decab28');
CREATE TABLE native_client_applications (
	client VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_native_client_applications PRIMARY KEY (client, application), 
	CONSTRAINT fk_native_client_applications_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_client_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "native_client_applications" VALUES('e368e93a0b42ad56','e86bf447e39362bf');
CREATE TABLE native_clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, device_codes BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_native_clients PRIMARY KEY (id), 
	CONSTRAINT uq_native_clients_name_key UNIQUE (name_key)
);
INSERT INTO "native_clients" VALUES('e368e93a0b42ad56','tools','tools','["http://127.0.0.1/callback"]',1.79607162572598862649e+09,0);
CREATE TABLE native_grants (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	methods TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, family_hash VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_native_grants PRIMARY KEY (id), 
	CONSTRAINT fk_native_grants_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_grants_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE node_tokens (
	id VARCHAR(64) NOT NULL, 
	bundle TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	used_by VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_node_tokens PRIMARY KEY (id)
);
CREATE TABLE nodes (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	directory TEXT NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	started DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	beats BIGINT NOT NULL, 
	CONSTRAINT pk_nodes PRIMARY KEY (id)
);
CREATE TABLE not_before (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	time DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_not_before PRIMARY KEY (provider, subject)
);
CREATE TABLE one_time (
	id VARCHAR(255) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_one_time PRIMARY KEY (id)
);
CREATE TABLE passkeys (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	credential VARCHAR(1364) NOT NULL, 
	public_key TEXT NOT NULL, 
	sign_count BIGINT NOT NULL, 
	transports VARCHAR(128) NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_passkeys PRIMARY KEY (id), 
	CONSTRAINT uq_passkeys_credential UNIQUE (credential), 
	CONSTRAINT fk_passkeys_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE password_attempts (
	number INTEGER NOT NULL, 
	process VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	network VARCHAR(128) NOT NULL, 
	block VARCHAR(128) NOT NULL, 
	succeeded BOOLEAN NOT NULL, 
	CONSTRAINT pk_password_attempts PRIMARY KEY (number)
);
CREATE TABLE password_links (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_password_links PRIMARY KEY (id), 
	CONSTRAINT fk_password_links_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE policy_documents (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	document TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	groups_since DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_policy_documents PRIMARY KEY (id), 
	CONSTRAINT uq_policy_documents_kind_name_key UNIQUE (kind, name_key)
);
CREATE TABLE providers (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	issuer TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret BLOB NOT NULL, 
	scopes TEXT NOT NULL, 
	groups_claim VARCHAR(255) NOT NULL, 
	algorithms TEXT NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, pushed_requests VARCHAR(16) DEFAULT 'auto' NOT NULL, session_hours DOUBLE DEFAULT '12' NOT NULL, idle_minutes DOUBLE DEFAULT '240' NOT NULL, fetch_groups BOOLEAN DEFAULT 0 NOT NULL, kind VARCHAR(64) DEFAULT 'oidc' NOT NULL, settings TEXT DEFAULT '{}' NOT NULL, secret_changed DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'733141E22603676AB74BA5CDC4161D95DE1C7120AA942A7BE3DFE889134EA1EB365286E3861923E3F64A87BAE04628FF5F910F1E183FC5B929DD10CE7A53828DC5D186402C8484E5B13FE5B45C5D28E53D80A181E5DFC0714DBD6BEB9F4EBBD9180A','openid profile email','groups','ES256','','auto',12.0,240.0,0,'builtin','{}',1.79607155842535972595e+09);
INSERT INTO "providers" VALUES('42cb5d49398e9b05','corp','corp','https://login.corp.example/','appproxy',X'733141E22603C7C63EE4E3D3889BA35383729C64DFA5EFC4DB1C07C23AB63FD24D4C19D75E5E4CF128744AC4D2371D','openid profile email','groups','RS256 ES256','','auto',12.0,240.0,0,'oidc','{}',1.79607160012451553339e+09);
CREATE TABLE recovery_codes (
	user_id VARCHAR(64) NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (user_id, code_hash), 
	CONSTRAINT fk_recovery_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE refused_codes (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	origin VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_refused_codes PRIMARY KEY (id), 
	CONSTRAINT fk_refused_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE revisions (
	part VARCHAR(128) NOT NULL, 
	revision BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (part)
);
INSERT INTO "revisions" VALUES('all',14);
INSERT INTO "revisions" VALUES('authorities',1);
INSERT INTO "revisions" VALUES('connector_groups',2);
INSERT INTO "revisions" VALUES('providers',7);
INSERT INTO "revisions" VALUES('sealing_keys',1);
INSERT INTO "revisions" VALUES('settings',1);
INSERT INTO "revisions" VALUES('applications',8);
INSERT INTO "revisions" VALUES('assignments',9);
INSERT INTO "revisions" VALUES('segments',10);
INSERT INTO "revisions" VALUES('cors_rules',11);
INSERT INTO "revisions" VALUES('clients',12);
INSERT INTO "revisions" VALUES('native_client_applications',13);
INSERT INTO "revisions" VALUES('native_clients',13);
INSERT INTO "revisions" VALUES('role_assignments',14);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE role_assignments (
	id VARCHAR(64) NOT NULL, 
	role VARCHAR(64) NOT NULL, 
	provider VARCHAR(64), 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	application VARCHAR(64), 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_role_assignments PRIMARY KEY (id), 
	CONSTRAINT fk_role_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_role_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "role_assignments" VALUES('bb292d36d4073164','help-desk','builtin','group','bbfbfa455decab28',NULL,1.79607163042262649534e+09,0.0);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'733141E22603D77B5D36D118EFE80AAF2364D5922D5551DF791AB2B7C160B2FA92D340B9E11240963BF9810124D9D491308E8C05B30B5AD534DB3F0A87C6B6E3CF16',1.79607155842535972595e+09);
CREATE TABLE second_factor_rules (
	id VARCHAR(64) NOT NULL, 
	user_group VARCHAR(64), 
	since DOUBLE NOT NULL, 
	grace DOUBLE NOT NULL, 
	CONSTRAINT pk_second_factor_rules PRIMARY KEY (id), 
	CONSTRAINT uq_second_factor_rules_user_group UNIQUE (user_group), 
	CONSTRAINT fk_second_factor_rules_user_group FOREIGN KEY(user_group) REFERENCES user_groups (id) ON DELETE CASCADE
);
CREATE TABLE segments (
	id VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	external TEXT NOT NULL, 
	internal TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_segments PRIMARY KEY (id), 
	CONSTRAINT fk_segments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "segments" VALUES('e3863c1ab03077b7','e86bf447e39362bf','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607161172398471834e+09);
CREATE TABLE service_token_applications (
	token VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_applications PRIMARY KEY (token, application), 
	CONSTRAINT fk_service_token_applications_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_token_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE service_token_uses (
	token VARCHAR(64) NOT NULL, 
	used DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_uses PRIMARY KEY (token), 
	CONSTRAINT fk_service_token_uses_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE
);
CREATE TABLE service_tokens (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	networks TEXT NOT NULL, 
	claims TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_service_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_service_tokens_name_key UNIQUE (name_key)
);
CREATE TABLE session_applications (
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_session_applications PRIMARY KEY (session, application), 
	CONSTRAINT fk_session_applications_session FOREIGN KEY(session) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	issuer TEXT NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	sid VARCHAR(255) NOT NULL, 
	began DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	client VARCHAR(255) NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	amr TEXT NOT NULL, 
	acr VARCHAR(255) NOT NULL, 
	id_token BLOB NOT NULL, 
	refresh_token BLOB NOT NULL, 
	claims BLOB NOT NULL, 
	refresh_at DOUBLE NOT NULL, 
	refreshes INTEGER NOT NULL, 
	lease_until DOUBLE NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id)
);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','7655d69d7944e22c');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE sign_out_notices (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	tries INTEGER NOT NULL, 
	due DOUBLE NOT NULL, 
	CONSTRAINT pk_sign_out_notices PRIMARY KEY (id), 
	CONSTRAINT fk_sign_out_notices_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('04f6aa6b1f05b562',X'733141E226039FBDA242F080B0245A34D59639A703FB013CD8A72763A53EC0BB3C805D703B0490EC4EE6473987649A4235C26E4A88AE6D2A5B60F9E97C5745E76052007F64D0AB5CBD7DE07CA162449F2FE6AC08C8B32AA1C1A893EE73D665025C39FA1A8578A95CA31D07C0B5E2B3F087CE4670D95789F5D59018EB5DD8409D77562286D5B4FDF6C15BC7625530E871040DF62E88C330345E989651A1683457BBFE77AE3120F3EBCC900F8BAF790DE116ABBEAC1E82D41E9509CEB3E1F6160C41DF839BBE2880E1BEF4137C08DBBBB4BF2A984BEF7ED342E511FC4910CAD48C06C78765FCF88C2601A328B824BA7FC86A529345293C8493C4B5F517D960AC9675E4666ACA4856A029847FF9C487DE89D09E45',1.79607155842535972595e+09);
CREATE TABLE update_leases (
	connector_group VARCHAR(64) NOT NULL, 
	connector VARCHAR(64) NOT NULL, 
	begun DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_update_leases PRIMARY KEY (connector_group), 
	CONSTRAINT fk_update_leases_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_update_leases_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('bbfbfa455decab28','staff','staff');
CREATE TABLE users (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	display_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created DOUBLE NOT NULL, 
	credentials_changed DOUBLE NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_name UNIQUE (name)
);
INSERT INTO "users" VALUES('1dfe4837b14ea443','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$fqq57cTGdqko2MegRJ3yAA$jyexVsOkFFTv81/zKcmrplr4CLd9c6m+RRPeCNbRg6s',0,1.79607157725659775729e+09,1.79607157725659775729e+09);
INSERT INTO "users" VALUES('5eb35a063ca4bf19','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$nlBZN8ev3n0ssbpZlOhBPQ$mSNx2+OeraMEqrLl3AluL0FoBRZ/3+qc651EwanEBes',0,1796071583.04719,1796071583.04719);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
CREATE INDEX ix_audit_time ON audit (time);
CREATE INDEX ix_applications_connector_group ON applications (connector_group);
CREATE INDEX ix_applications_provider ON applications (provider);
CREATE INDEX ix_memberships_group_id ON memberships (group_id);
CREATE INDEX ix_join_tokens_connector_group ON join_tokens (connector_group);
CREATE INDEX ix_join_tokens_expires ON join_tokens (expires);
CREATE INDEX ix_connectors_connector_group ON connectors (connector_group);
CREATE INDEX ix_leaves_authority ON leaves (authority);
CREATE INDEX ix_segments_application ON segments (application);
CREATE INDEX ix_external_urls_application ON external_urls (application);
CREATE INDEX ix_acme_challenges_expires ON acme_challenges (expires);
CREATE INDEX ix_not_before_expires ON not_before (expires);
CREATE INDEX ix_authenticator_apps_user_id ON authenticator_apps (user_id);
CREATE INDEX ix_passkeys_user_id ON passkeys (user_id);
CREATE INDEX ix_refused_codes_user_id ON refused_codes (user_id);
CREATE INDEX ix_refused_codes_time ON refused_codes (time);
CREATE INDEX ix_password_links_user_id ON password_links (user_id);
CREATE INDEX ix_password_links_expires ON password_links (expires);
CREATE INDEX ix_sessions_expires ON sessions (expires);
CREATE INDEX ix_sessions_provider_subject ON sessions (provider, subject);
CREATE INDEX ix_sessions_provider_sid ON sessions (provider, sid);
CREATE INDEX ix_service_tokens_expires ON service_tokens (expires);
CREATE INDEX ix_service_token_applications_application ON service_token_applications (application);
CREATE INDEX ix_application_providers_provider ON application_providers (provider);
CREATE INDEX ix_client_keys_provider ON client_keys (provider);
CREATE INDEX ix_kept_forms_expires ON kept_forms (expires);
CREATE INDEX ix_kept_forms_owner ON kept_forms (owner);
CREATE INDEX ix_native_client_applications_application ON native_client_applications (application);
CREATE INDEX ix_native_grants_client ON native_grants (client);
CREATE INDEX ix_native_grants_user ON native_grants (user);
CREATE INDEX ix_native_grants_expires ON native_grants (expires);
CREATE INDEX ix_device_codes_client ON device_codes (client);
CREATE INDEX ix_device_codes_expires ON device_codes (expires);
CREATE INDEX ix_role_assignments_provider ON role_assignments (provider);
CREATE INDEX ix_role_assignments_application ON role_assignments (application);
CREATE INDEX ix_client_sessions_sid ON client_sessions (sid);
CREATE INDEX ix_client_sessions_user ON client_sessions (user);
CREATE INDEX ix_client_sessions_began ON client_sessions (began);
CREATE INDEX ix_sign_out_notices_client ON sign_out_notices (client);
CREATE INDEX ix_sign_out_notices_due ON sign_out_notices (due);
CREATE INDEX ix_idempotent_answers_expires ON idempotent_answers (expires);
CREATE INDEX ix_node_tokens_expires ON node_tokens (expires);
CREATE INDEX ix_password_attempts_time ON password_attempts (time);
CREATE INDEX ix_connector_places_node ON connector_places (node);
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "application_providers" VALUES('53717d0de46a34d4','42cb5d49398e9b05',4238);
INSERT INTO "authenticator_apps" VALUES('authenticator_apps.id','1dfe4837b14ea443','authenticator_apps.label',X'61757468656E74696361746F725F617070732E736563726574',1064,1782866294.5,1782865051.25);
INSERT INTO "break_glass" VALUES('42cb5d49398e9b05','break_glass.subject');
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "client_keys" VALUES('client_keys.id','client_keys.type','42cb5d49398e9b05',X'636C69656E745F6B6579732E6B6579','client_keys.certificate',1782864672.5,1);
INSERT INTO "client_sessions" VALUES('72170a39ce2cc04e','client_sessions.sid','client_sessions.user',1782864970.75,1782864518.25);
INSERT INTO "connector_places" VALUES('connectors.id','connector_places.node',1782864041.25);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address',1782864561.75);
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','d36dbf6038947850','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "device_codes" VALUES('device_codes.id','device_codes.user_code','e368e93a0b42ad56','device_codes.scope','device_codes.audience','device_codes.session',0,1782864362.5,1782865165.5);
INSERT INTO "directories" VALUES('directories.id','directories.name','directories.name_key',9196,X'6469726563746F726965732E62696E645F70617373776F7264','{}',1782866165.5);
INSERT INTO "directory_groups" VALUES('bbfbfa455decab28','directories.id','directory_groups.subject');
INSERT INTO "directory_users" VALUES('1dfe4837b14ea443','directories.id','directory_users.subject','directory_users.password_mark',1782865725.5);
INSERT INTO "idempotent_answers" VALUES('idempotent_answers.id','idempotent_answers.fingerprint',X'6964656D706F74656E745F616E73776572732E616E73776572',1782865339.75);
INSERT INTO "kept_forms" VALUES('kept_forms.id','kept_forms.owner','kept_forms.place',6021,1782864448.5,X'6B6570745F666F726D732E666F726D');
INSERT INTO "native_grants" VALUES('native_grants.id','e368e93a0b42ad56','1dfe4837b14ea443','native_grants.scope','native_grants.audience',1782866185.5,'native_grants.methods','native_grants.secret_hash','native_grants.former_hash',1782865813.75,1782865771.5,'native_grants.family_hash');
INSERT INTO "node_tokens" VALUES('node_tokens.id','node_tokens.bundle',1782864450.5,1782865979.5,1782865850.25,'node_tokens.used_by');
INSERT INTO "nodes" VALUES('nodes.id','nodes.name','nodes.directory','nodes.address','nodes.version',1782865942.75,1782865179.25,2775);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "passkeys" VALUES('passkeys.id','1dfe4837b14ea443','passkeys.label','passkeys.credential','passkeys.public_key',2695,'passkeys.transports',1782865979.75,1782865154.0);
INSERT INTO "password_attempts" VALUES(4692,'password_attempts.process',1782865577.0,'password_attempts.name','password_attempts.device','password_attempts.network','password_attempts.block',0);
INSERT INTO "password_links" VALUES('password_links.id','1dfe4837b14ea443','password_links.kind',1782864079.5,1782865930.5);
INSERT INTO "policy_documents" VALUES('policy_documents.id','policy_documents.kind','policy_documents.name','policy_documents.name_key','{}',4344,1782865973.0,1782865188.75,1782864496.25);
INSERT INTO "recovery_codes" VALUES('1dfe4837b14ea443','recovery_codes.code_hash');
INSERT INTO "refused_codes" VALUES('refused_codes.id','1dfe4837b14ea443','refused_codes.origin',1782864284.0);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
INSERT INTO "second_factor_rules" VALUES('second_factor_rules.id','bbfbfa455decab28',1782865920.25,1782865996.0);
INSERT INTO "service_token_applications" VALUES('service_tokens.id','53717d0de46a34d4');
INSERT INTO "service_token_uses" VALUES('service_tokens.id',1782865826.0,'service_token_uses.address');
INSERT INTO "service_tokens" VALUES('service_tokens.id','service_tokens.name','service_tokens.name_key','service_tokens.secret_hash','service_tokens.former_hash',1782865836.0,'service_tokens.networks','{}',1782865658.25,1782865425.0,1782865311.25);
INSERT INTO "session_applications" VALUES('sessions.id','session_applications.application');
INSERT INTO "sessions" VALUES('sessions.id','sessions.provider','sessions.subject','sessions.issuer','sessions.name','sessions.sid',1782865253.0,1782864017.75,1782865336.0,1782866145.5,'sessions.address','sessions.client',1782864900.25,'sessions.amr','sessions.acr',X'73657373696F6E732E69645F746F6B656E',X'73657373696F6E732E726566726573685F746F6B656E',X'73657373696F6E732E636C61696D73',1782865281.75,8676,1782864545.75);
INSERT INTO "sign_out_notices" VALUES('sign_out_notices.id','72170a39ce2cc04e','sign_out_notices.user','sign_out_notices.sid',4737,1782864037.0);
INSERT INTO "update_leases" VALUES('d36dbf6038947850','connectors.id',1782864997.0,1782864631.75);
