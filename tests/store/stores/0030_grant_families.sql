-- master key 59f4c1bdc8a5d05909c074233bcb0d102ee85134329267b62a1a58d186391ad3
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
INSERT INTO "alembic_version" VALUES('grant_families');
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
INSERT INTO "applications" VALUES('f734499ccbc29e8c','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','d4bc4d5b4c3145c5','builtin','{"backend_timeout": "120"}',1.79607148211049389837e+09);
INSERT INTO "applications" VALUES('9f9cd6bc1cb29a5e','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607148674002313612e+09);
INSERT INTO "applications" VALUES('dfb03d7babaa7c61','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','02f927c2b9f213d6','{}',1.79607151640317416188e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('f734499ccbc29e8c','builtin','group','53702ca85f43e134',0);
INSERT INTO "assignments" VALUES('dfb03d7babaa7c61','02f927c2b9f213d6','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, link VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607147933404779436e+09,'local:0','connector.token','8b3f855495fbc97b','{"expires": 1796075079.3340478, "group": "default", "uses": 1}','214668d050d85d62f94363464c6944daeb34d5432c5e062bd9232ab588c01d29');
INSERT INTO "audit" VALUES(2,1.79607148057381272318e+09,'local:0','connector_group.add','d4bc4d5b4c3145c5','{"id": "d4bc4d5b4c3145c5", "name": "lab", "needs_approval": true}','7d7192cffbb0649032a0cafe5dcadecc86911e4c5fc41bef08fec33605a613d5');
INSERT INTO "audit" VALUES(3,1.79607148211049389837e+09,'local:0','application.publish','f734499ccbc29e8c','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "f734499ccbc29e8c", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','2e47bc5e94db0365c1b6b6883765bdef9e9c6143e4dc09b19bb178303315eca4');
INSERT INTO "audit" VALUES(4,1.79607148674002313612e+09,'local:0','application.publish','9f9cd6bc1cb29a5e','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "9f9cd6bc1cb29a5e", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','6cd8594b4818f806717bf1ef5d387ffeea6b941445aae94f724c6fe3911db9e2');
INSERT INTO "audit" VALUES(5,1.79607149010887813568e+09,'local:0','application.set','f734499ccbc29e8c','{"name": "wiki", "settings": {"backend_timeout": "120"}}','445418721cf6b152131f5f080836453d457fe202c285b6eaa69dffa3e919bd11');
INSERT INTO "audit" VALUES(6,1.79607149282001900669e+09,'local:0','user.add','a8c2f504d9753a11','{"groups": ["staff"], "name": "alice"}','492f3a9d9d1fc23afc2c81f8999235ff65f3e729a2d12288b5ff863123c165de');
INSERT INTO "audit" VALUES(7,1.79607149923224687572e+09,'local:0','user.add','5365191fd1d56024','{"groups": [], "name": "bob"}','d249a45854e3366d4dc302d8fe07504b978216683b13d3579096e1f0fde955ce');
INSERT INTO "audit" VALUES(8,1.79607150436844849586e+09,'local:0','user.add_to_group','5365191fd1d56024','{"group": "staff", "name": "bob"}','e603db94c715dce5f514e551cea9ba4072d6a43c487bb5331abeea47f4ec0d83');
INSERT INTO "audit" VALUES(9,1.79607150631399750707e+09,'local:0','application.assign','f734499ccbc29e8c','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "53702ca85f43e134"}','15188ce112a1146dc64cf93c539837fa1c5a073f6fb315b0afb5bcf62df7efae');
INSERT INTO "audit" VALUES(10,1.79607150901932048799e+09,'local:0','connector.token','21c0a1189bb69ca7','{"expires": 1796075109.0193205, "group": "lab", "uses": 3}','255a375617acc11e190bd2958dcc62f182a2caa555a38a771963e71cdd7e18ec');
INSERT INTO "audit" VALUES(11,1.79607151251640367504e+09,'local:0','provider.add','02f927c2b9f213d6','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "fetch_groups": false, "groups_claim": "groups", "id": "02f927c2b9f213d6", "idle_minutes": 240.0, "issuer": "https://login.corp.example/", "keys": "", "kind": "oidc", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"], "secret_changed": 1796071512.5164037, "session_hours": 12.0, "settings": {}}','4e43a91461ba30c6986c91f2a285bbe1544c882eff1850aac0a8e73fe00e0378');
INSERT INTO "audit" VALUES(12,1.79607151640317416188e+09,'local:0','application.publish','dfb03d7babaa7c61','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "dfb03d7babaa7c61", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "providers": ["corp"], "segments": [], "settings": {}}','84e8da58113df6902b2c1761de66b47c2f2bf0ca40c733a5d9f48e06604590f8');
INSERT INTO "audit" VALUES(13,1.7960715213875527382e+09,'local:0','application.assign','dfb03d7babaa7c61','{"maintainer": false, "name": "sales", "provider": "corp", "user": "5f2b7c", "value": "5f2b7c"}','36919bb2429bca54e30eb37f83312df34573f4c583426c498f84faf6eee5d34c');
INSERT INTO "audit" VALUES(14,1.79607152755234718323e+09,'local:0','segment.add','f734499ccbc29e8c','{"external": "https://handbook.example.com/", "id": "7700631d414ab5e5", "internal": "http://wiki.internal:8080/", "name": "wiki"}','fb07ac1e7c20fbf0d866c26e7efab747952ae570c4c68713c13032c57262403d');
INSERT INTO "audit" VALUES(15,1.79607153280515384669e+09,'local:0','cors.add','f734499ccbc29e8c','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}','1847a018d12fcc77b62449ac89583a9e7014478069d6716cac6b713f3b2b97e9');
INSERT INTO "audit" VALUES(16,1.79607153700834274289e+09,'local:0','client.add','aeacb24f4c1b71d5','{"backchannel_logout_session_required": false, "backchannel_logout_uri": "", "ca_bundle": 0, "frontchannel_logout_uri": "", "name": "grafana", "post_logout_redirect_uris": [], "redirect_uris": ["https://grafana.example.com/login"]}','f4b6cad8c9f80ddd709149363b473eeb5bf1939464f703344359d4757867c467');
INSERT INTO "audit" VALUES(17,1.7960715420660467148e+09,'local:0','native_client.add','48cd3ddb4862be13','{"applications": ["wiki"], "created": 1796071542.0660467, "id": "48cd3ddb4862be13", "name": "tools", "redirect_uris": ["http://127.0.0.1/callback"]}','b4b5c1dbd8c3861c22c6b8c2e2f06dab0f4d5bf42cf9c0db35aa94a7b60ff793');
INSERT INTO "audit" VALUES(18,1.79607154701148653028e+09,'local:0','role.assign','53702ca85f43e134','{"application": "", "expires": 0.0, "kind": "group", "name": "staff", "provider": "builtin", "role": "help-desk", "value": "53702ca85f43e134"}','915af4007634fb75d08fc2fdb12182ffc98cb0a992e28f816dd6ed5d067f2e78');
CREATE TABLE audit_chains (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	start VARCHAR(64) NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	begins BIGINT NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_chains PRIMARY KEY (id)
);
INSERT INTO "audit_chains" VALUES('known',X'7331124D4D975D587E4A7EEEF888EE34F24907D4660FAC580DD0B205FDFDA4F0E7E7F60A94F0BD26FA1DF89CDFDEFED16E5DE7D4FB3BCF7DF753ABADD323AA94371A','0000000000000000000000000000000000000000000000000000000000000000','915af4007634fb75d08fc2fdb12182ffc98cb0a992e28f816dd6ed5d067f2e78',1,'0745185848ed0bac345a89ca52fd633eb9451b8516cc540af555f43c671d540a');
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
INSERT INTO "authorities" VALUES('6dbe75ef8ab9032d','connector','-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQTaZB5xyyhUpm6ZrJmf1bhzAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDAyN2QwOTI2MjQwYjM0ZDMwHhcN
MjYxMTI5MjA0NDM4WhcNMzYxMTMwMDg0NDM4WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDAyN2QwOTI2MjQwYjM0ZDMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATi6iRuPVPBMQYMuTJb9sFDJvrmnVu0H6aKp53sRD24VyGvtfiXPBKz
Cys/3js4nqJMSkl6jigpuOiUKzWiqMLto0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUxXVHnjPudWX5gsbdiBXgIpj4YWcw
CgYIKoZIzj0EAwIDSAAwRQIhAO5rPtHidya8kfnALVbnXxOCBM5rd8uHFLAKPnh1
TeR+AiBkGbtzs/4I1HA5pLuXlXfbCL0ALauMaOoOnDScDJeTIw==
-----END CERTIFICATE-----
',X'7331124D4D9766BEEEF76469EA5A0F09B939ED490180BF338347D44AE1371B97467CB2E7EE8F2CF8B23CB6B81AE6E6AFA371B639BF19A68A5B898177FB4363600819E8A9303A1638EB0299ECD63692D6F245897951CADCEB6F708F7C27A04226594A7D53B0A2FB38776866458C8E4C752F2853DE198674FC259340ABF20DBCB07CC631BBAB26E0812C760330EAEE5079FC588D7CAAF8EB5E4672D20C4EFB6F08E354FEE253BD80492437996B89E333D09D9F50657CAB64B60FC8835FCCCC78310AA127D5F6690156FD82692E9A6C567A51C02B16D339DA99F9D50FA4973888A1A387A223A867BB36C23BEC213DC830798E70EF888ADF4AA76B6C9CDF10C64A3AD86BDE352BD58F40FA3A701112EF47C0BC7D14',1.79607147895475697521e+09,2111647478.0);
INSERT INTO "authorities" VALUES('06d35ae4cc45e144','user','-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQWphq4nRWou52AiYXrKdiGzAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAwMjdkMDkyNjI0MGIzNGQzMB4X
DTI2MTEyOTIwNDQzOFoXDTM2MTEzMDA4NDQzOFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gMDI3ZDA5MjYyNDBiMzRkMzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABFRp3vZOJ7pi8EPUn6qTdlsdqPFu9X5ZqFMctURclZvCcr1CxLZ/
WIThi+2wfqycv4TkTQnpkQLAApmqJ+MFa0GjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQuFk1Zwxhj6HRx7fF7/dO5NhwG
6TAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANL+qAhuIPhAKeCMiC1738R+kOi4oggfxaB7onJkrUBAAiAW5+snLwpiu1hV
OpI1opW0NVi69JYXVo7XdEDflHZPKA==
-----END CERTIFICATE-----
',X'7331124D4D97E2C65648C3B37910C341040400D3C43845D481D5346D3C66CF35FE40C2CB6E4EBE3BB7F9081F8F13FAD052912658A46E3EBEC8C8ECBD2D0CDFD238CA5725505EFC6D7582DDDAF0F5460885CC9A09F7F9440AA902F19E191BF9A98B1570B18A6D8105BA9F73B35CA62CD2DD2862A05594509E56B0DC8CB4CED076A640EE34BAA07278A52D1B5A48F34E96D7E52FAB397832A1B886268FD2C38FF19037E262075EE54C458A72C22F63EF562D8A77A8E8B28A248C74426024672CE66FF0F5BC28BFD38223B34C720C19411133AFA663A472F980B3DC9A0D52514AA2335B0AB2DD7F9001632FC08F65EB4B3DC7BF96EBB4F48EA1050CCAF489D604156F569CD7AB3E7587E15FA669991B42C4ABAF8E',1.79607147895475697521e+09,2111647478.0);
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
INSERT INTO "clients" VALUES('aeacb24f4c1b71d5','grafana','grafana','267ef8463d3b5333943135ed69167133068814867094e07c3f829a84a273ec1a','',0.0,'["https://grafana.example.com/login"]','[]',1.79607153700834274289e+09,1.79607153700834274289e+09,'',0,'','');
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('d4bc4d5b4c3145c5','lab','lab',1);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, 
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
INSERT INTO "cors_rules" VALUES('f734499ccbc29e8c','','/','https://status.example.com','PUT','x-own-*','',1,5);
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
INSERT INTO "external_urls" VALUES('wiki.example.com','/','f734499ccbc29e8c');
INSERT INTO "external_urls" VALUES('status.example.com','/','9f9cd6bc1cb29a5e');
INSERT INTO "external_urls" VALUES('sales.example.com','/','dfb03d7babaa7c61');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','f734499ccbc29e8c');
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
INSERT INTO "join_tokens" VALUES('8b3f855495fbc97b','2ef0ac35e0139ad883bcea7dbfb14b7b46bd1a7971de0f1fce18871b13152a89','default',1,1,1.79607147933404779436e+09,1.79607507933404779432e+09);
INSERT INTO "join_tokens" VALUES('21c0a1189bb69ca7','d401baaf5c1e35ed051bf947f5831da265c4d3670a8a0b4b88997936176b5bae','d4bc4d5b4c3145c5',3,3,1.79607150901932048799e+09,1.79607510901932048794e+09);
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
INSERT INTO "leaves" VALUES('454c0139e3e70739','connector','6dbe75ef8ab9032d','-----BEGIN CERTIFICATE-----
MIIB4zCCAYigAwIBAgIQZ9g/XCAKiAA0lMwQ77755TAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDAyN2QwOTI2MjQwYjM0ZDMwHhcN
MjYxMTI5MjA0NDM4WhcNMjcxMTMwMjA0NDM4WjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBGJ0u3GaPjb2
cDFXJceYOEuYnhUUZj7sUXwSPWYzrt4C5f979ww8EfWaZQb6SvhVJ+7l3rleVIHT
IYhkCZBzWaOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBSrRkl9AocQC94qv4fZ0n7Ocz+YTjAfBgNVHSMEGDAWgBTFdUee
M+51ZfmCxt2IFeAimPhhZzAKBggqhkjOPQQDAgNJADBGAiEA4vPPqDQNjHNXDuIB
mCU/cCv7Naj6RwpgHuRLmxCIbGkCIQC74G6viWPO8JsONyCdYbS8hQPJvFKjPIDd
rPSN8C+2Sg==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQTaZB5xyyhUpm6ZrJmf1bhzAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIDAyN2QwOTI2MjQwYjM0ZDMwHhcN
MjYxMTI5MjA0NDM4WhcNMzYxMTMwMDg0NDM4WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIDAyN2QwOTI2MjQwYjM0ZDMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATi6iRuPVPBMQYMuTJb9sFDJvrmnVu0H6aKp53sRD24VyGvtfiXPBKz
Cys/3js4nqJMSkl6jigpuOiUKzWiqMLto0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUxXVHnjPudWX5gsbdiBXgIpj4YWcw
CgYIKoZIzj0EAwIDSAAwRQIhAO5rPtHidya8kfnALVbnXxOCBM5rd8uHFLAKPnh1
TeR+AiBkGbtzs/4I1HA5pLuXlXfbCL0ALauMaOoOnDScDJeTIw==
-----END CERTIFICATE-----
',X'7331124D4D970B0DDA5AFC5049695E81D80865F07D6FBBD6A071428714C0C28D74185B98268F62998B81CEA51268B5A203740F1E7D91A26E9BADBBEA0819156B28F54B09B67E8C7BCC541AC4AFA7CFD10832ECBBAC22C596019A286C7E629F79AD189B745E71ED8A4E177AB797A94D97B80C302F6C1D8E967D573B58EBF017F0CEA32CCA6AACBA3C70BBDCDD427A09A86C804CB95370647C51A6ABD3CF90644DC63E3DF5DE5D3EA530A80E502BCBD7F3306AF2BD78E00C3D851AB53831E3DC1E81074172286045442834B24BF920304943E07C52F8D2292C0DE414BAB8D60AA27E69B0CD534EC23DA5ED5DE0FD31CCA80D45D822E70FB4B296E1B3DE3B1277189145453039FE6B0410ADA9E006B71DBAADACF1',1.79607147895475697521e+09,1827607478.0);
INSERT INTO "leaves" VALUES('4724dcbf5fec901c','user','06d35ae4cc45e144','-----BEGIN CERTIFICATE-----
MIIB4zCCAYigAwIBAgIQRK8kbcMVOBkhg28uy+MWljAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAwMjdkMDkyNjI0MGIzNGQzMB4X
DTI2MTEyOTIwNDQzOFoXDTI3MTEzMDIwNDQzOFowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASemly99dSWA9EPwucP5Dat
HG+CFP1kxhKWCnE+8MZmvHkIQSegRfhJP68nYUnEpQOl7DkaDz80dxZj9lDESI8u
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBSWqp9X6NhMAkvi1TBzgaDJK1EwnzAfBgNVHSMEGDAWgBQuFk1Z
wxhj6HRx7fF7/dO5NhwG6TAKBggqhkjOPQQDAgNJADBGAiEA3GwgnPHPs6EFk1sA
Q/ldiZi4//gTbhO0/ON5nwhyusUCIQDNIO72/ZUr5o+fjpre3zLVd9feCh+o47Y2
B8eTVvnINA==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQWphq4nRWou52AiYXrKdiGzAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSAwMjdkMDkyNjI0MGIzNGQzMB4X
DTI2MTEyOTIwNDQzOFoXDTM2MTEzMDA4NDQzOFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gMDI3ZDA5MjYyNDBiMzRkMzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABFRp3vZOJ7pi8EPUn6qTdlsdqPFu9X5ZqFMctURclZvCcr1CxLZ/
WIThi+2wfqycv4TkTQnpkQLAApmqJ+MFa0GjZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQuFk1Zwxhj6HRx7fF7/dO5NhwG
6TAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANL+qAhuIPhAKeCMiC1738R+kOi4oggfxaB7onJkrUBAAiAW5+snLwpiu1hV
OpI1opW0NVi69JYXVo7XdEDflHZPKA==
-----END CERTIFICATE-----
',X'7331124D4D97927BB2EEFEBF6A345A69D4E6B48C31C9C18EA0BAE249497284EDFBAE40ABA6AD8628855198F759FCC5BBBEFC34CFF1DC09FF52C4BF88834FDD406233F5BDCD07BB15A52B3F38C1267E2C88294A21EFBA9F4109F129D0FE75683835128CF046A32C7352FED807BF4EF2B914915392435BDC7FDACCF924C95102D81D05B34F474E4EF4D45DC4E5164775512C864B9A179FC77C2346F250DA9A25D72362B7CB5E5452CBBFED78C0C52FD0F6C690541AD7747B18BAE35A83E7E3AE118B688454FCF00A4114AE42AEEF8E1DA2E46C3018FE67074E88141820C89AC2594388643A55151211C5099636226C700531533CB0769BF4E5F76EEB45E3CA0DB4CDB9B62C3EEE595CA4D4CC43D53C68406538D2',1.79607147895475697521e+09,1827607478.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'7331124D4D97DFA5B0DDCC380704AE8BA9E6468AF75A8C8D21D53369F894036FCB26DEF8D2F3F2EEB6D6');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('a8c2f504d9753a11','53702ca85f43e134');
INSERT INTO "memberships" VALUES('5365191fd1d56024','53702ca85f43e134');
CREATE TABLE native_client_applications (
	client VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_native_client_applications PRIMARY KEY (client, application), 
	CONSTRAINT fk_native_client_applications_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_client_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "native_client_applications" VALUES('48cd3ddb4862be13','f734499ccbc29e8c');
CREATE TABLE native_clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_native_clients PRIMARY KEY (id), 
	CONSTRAINT uq_native_clients_name_key UNIQUE (name_key)
);
INSERT INTO "native_clients" VALUES('48cd3ddb4862be13','tools','tools','["http://127.0.0.1/callback"]',1.7960715420660467148e+09);
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
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'7331124D4D9781A9D19C43C5732430E6ADB8D4D38741DAE9EC327C059033EE8D6B8B191F9182AB097DCC06D892CAF5D3D167A55DD4B6F18EE2CE5237FD9CC4F893965849CCF427BEE7D0D1103CCEEA01F6E65E3DFDB4E933C1A4C3E97D93125DECE9','openid profile email','groups','ES256','','auto',12.0,240.0,0,'builtin','{}',1.79607147895475697521e+09);
INSERT INTO "providers" VALUES('02f927c2b9f213d6','corp','corp','https://login.corp.example/','appproxy',X'7331124D4D97B6919F77DFC0ACD4BFD8F84534D6B42C07D05D723CE7F7BF6B2AF07E5B146F09447C9A08F5E1687CC4','openid profile email','groups','RS256 ES256','','auto',12.0,240.0,0,'oidc','{}',1.79607151251640367504e+09);
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
INSERT INTO "role_assignments" VALUES('7e8e08c9a0f7ce33','help-desk','builtin','group','53702ca85f43e134',NULL,1.79607154701148653028e+09,0.0);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'7331124D4D973D9301A34215C4CA8D14BC1AFE4B14DDA2EA1CC52E3F70AD7750931FA9F6E18B474B9650DECED147BC42639A5EEE7D794FA6B700CD7BBD55166A046F',1.79607147895475697521e+09);
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
INSERT INTO "segments" VALUES('7700631d414ab5e5','f734499ccbc29e8c','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607152755234718323e+09);
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
INSERT INTO "settings" VALUES('instance','027d0926240b34d3');
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
INSERT INTO "signing_keys" VALUES('7b060d36945c9f2e',X'7331124D4D97996597F0040440EB89D6077200435EF58FC3FF271804F343891E4CD4416472318FB3C1140BF41283D72F12FD54257282B32D8D8BDF7EE4795D35A9600A83A734690BEB1BFE0358D05D3A88E5F9B7F5C7023A8B511E2D9AFD98DB0025A5FCDB1F249C0E645BED7147BDF39CAFD139B53BC83F5E8A0F7FD190C821483DCDD158FDA91DF382AA1D808C1EB5DC60918A8D18C3987D3CD382C603396C065F3BC102C7DDD1D633EED27FDC930C9C24BE2E0E061C71B84230F7AAFAC489EF5749D9D9E25DEF548D0FC1B3E091B80EA29113F7232A3F1D4D79E6EF641C35363E522026BC492DF2278F8DED5DBDFFF712F97AE51394CFC36AA496C349AB4FAA2B86755B254B88A0CFE97C484BF660568851',1.79607147895475697521e+09);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('53702ca85f43e134','staff','staff');
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
INSERT INTO "users" VALUES('a8c2f504d9753a11','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$Jc7WicZ7fFxPcScbnNbmwA$OmNNNJXK2yXBgMTMC9C5aUoweN3V7ZwMA1LeXsKzs1M',0,1.79607149282001900669e+09,1.79607149282001900669e+09);
INSERT INTO "users" VALUES('5365191fd1d56024','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$dCYmgenQMWaYcnFYMjoh5Q$dM9113LbEXXVUrOHbtvAlpMjKN1LWJZHKNFzyZ2zXv4',0,1.79607149923224687572e+09,1.79607149923224687572e+09);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
CREATE INDEX ix_audit_time ON audit (time);
CREATE INDEX ix_applications_provider ON applications (provider);
CREATE INDEX ix_applications_connector_group ON applications (connector_group);
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
CREATE INDEX ix_kept_forms_owner ON kept_forms (owner);
CREATE INDEX ix_kept_forms_expires ON kept_forms (expires);
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
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "application_providers" VALUES('9f9cd6bc1cb29a5e','02f927c2b9f213d6',4238);
INSERT INTO "authenticator_apps" VALUES('authenticator_apps.id','5365191fd1d56024','authenticator_apps.label',X'61757468656E74696361746F725F617070732E736563726574',1064,1782866294.5,1782865051.25);
INSERT INTO "break_glass" VALUES('02f927c2b9f213d6','break_glass.subject');
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "client_keys" VALUES('client_keys.id','client_keys.type','02f927c2b9f213d6',X'636C69656E745F6B6579732E6B6579','client_keys.certificate',1782864672.5,1);
INSERT INTO "client_sessions" VALUES('aeacb24f4c1b71d5','client_sessions.sid','client_sessions.user',1782864970.75,1782864518.25);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address');
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','d4bc4d5b4c3145c5','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "device_codes" VALUES('device_codes.id','device_codes.user_code','48cd3ddb4862be13','device_codes.scope','device_codes.audience','device_codes.session',0,1782864362.5,1782865165.5);
INSERT INTO "directories" VALUES('directories.id','directories.name','directories.name_key',9196,X'6469726563746F726965732E62696E645F70617373776F7264','{}',1782866165.5);
INSERT INTO "directory_groups" VALUES('53702ca85f43e134','directories.id','directory_groups.subject');
INSERT INTO "directory_users" VALUES('5365191fd1d56024','directories.id','directory_users.subject','directory_users.password_mark',1782865725.5);
INSERT INTO "idempotent_answers" VALUES('idempotent_answers.id','idempotent_answers.fingerprint',X'6964656D706F74656E745F616E73776572732E616E73776572',1782865339.75);
INSERT INTO "kept_forms" VALUES('kept_forms.id','kept_forms.owner','kept_forms.place',6021,1782864448.5,X'6B6570745F666F726D732E666F726D');
INSERT INTO "native_grants" VALUES('native_grants.id','48cd3ddb4862be13','5365191fd1d56024','native_grants.scope','native_grants.audience',1782866185.5,'native_grants.methods','native_grants.secret_hash','native_grants.former_hash',1782865813.75,1782865771.5,'native_grants.family_hash');
INSERT INTO "node_tokens" VALUES('node_tokens.id','node_tokens.bundle',1782864450.5,1782865979.5,1782865850.25,'node_tokens.used_by');
INSERT INTO "nodes" VALUES('nodes.id','nodes.name','nodes.directory','nodes.address','nodes.version',1782865942.75,1782865179.25,2775);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "passkeys" VALUES('passkeys.id','5365191fd1d56024','passkeys.label','passkeys.credential','passkeys.public_key',2695,'passkeys.transports',1782865979.75,1782865154.0);
INSERT INTO "password_links" VALUES('password_links.id','5365191fd1d56024','password_links.kind',1782864079.5,1782865930.5);
INSERT INTO "policy_documents" VALUES('policy_documents.id','policy_documents.kind','policy_documents.name','policy_documents.name_key','{}',4344,1782865973.0,1782865188.75,1782864496.25);
INSERT INTO "recovery_codes" VALUES('5365191fd1d56024','recovery_codes.code_hash');
INSERT INTO "refused_codes" VALUES('refused_codes.id','5365191fd1d56024','refused_codes.origin',1782864284.0);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
INSERT INTO "second_factor_rules" VALUES('second_factor_rules.id','53702ca85f43e134',1782865920.25,1782865996.0);
INSERT INTO "service_token_applications" VALUES('service_tokens.id','9f9cd6bc1cb29a5e');
INSERT INTO "service_token_uses" VALUES('service_tokens.id',1782865826.0,'service_token_uses.address');
INSERT INTO "service_tokens" VALUES('service_tokens.id','service_tokens.name','service_tokens.name_key','service_tokens.secret_hash','service_tokens.former_hash',1782865836.0,'service_tokens.networks','{}',1782865658.25,1782865425.0,1782865311.25);
INSERT INTO "session_applications" VALUES('sessions.id','session_applications.application');
INSERT INTO "sessions" VALUES('sessions.id','sessions.provider','sessions.subject','sessions.issuer','sessions.name','sessions.sid',1782865253.0,1782864017.75,1782865336.0,1782866145.5,'sessions.address','sessions.client',1782864900.25,'sessions.amr','sessions.acr',X'73657373696F6E732E69645F746F6B656E',X'73657373696F6E732E726566726573685F746F6B656E',X'73657373696F6E732E636C61696D73',1782865281.75,8676,1782864545.75);
INSERT INTO "sign_out_notices" VALUES('sign_out_notices.id','aeacb24f4c1b71d5','sign_out_notices.user','sign_out_notices.sid',4737,1782864037.0);
