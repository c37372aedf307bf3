-- master key fb3a0ec1c756ed46c5a528e0cef9874d3c01a2c63e6e6f29bc0f69de6189229c
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
INSERT INTO "alembic_version" VALUES('devices');
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
INSERT INTO "applications" VALUES('b235608909c9d1bf','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','0865844e914d516f','builtin','{"backend_timeout": "120"}',1.7960716539146447182e+09);
INSERT INTO "applications" VALUES('94e52c4085e83b6b','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607165838833451269e+09);
INSERT INTO "applications" VALUES('41031e08a3570247','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','74cf4dfff3310d58','{}',1.79607169500357842441e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('b235608909c9d1bf','builtin','group','f401079384bff4ab',0);
INSERT INTO "assignments" VALUES('41031e08a3570247','74cf4dfff3310d58','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, link VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607164625259304053e+09,'local:0','connector.token','e0aaeb6cf66def9f','{"expires": 1796075246.252593, "group": "default", "uses": 1}','4e0c70c9777e009e500b808913dcb1823df6e05d62ecb27ee0d2752f00498ca9');
INSERT INTO "audit" VALUES(2,1.79607165013460659975e+09,'local:0','connector_group.add','0865844e914d516f','{"id": "0865844e914d516f", "name": "lab", "needs_approval": true}','cc7ccaf8a52acb809674c0442308ad749e21e9e75c8c6a115d021b5f2c07ba21');
INSERT INTO "audit" VALUES(3,1.7960716539146447182e+09,'local:0','application.publish','b235608909c9d1bf','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "b235608909c9d1bf", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','8f6550441503a0542bc1d70dac0bc6a8667905e6216ac82e73bf8733398a1d60');
INSERT INTO "audit" VALUES(4,1.79607165838833451269e+09,'local:0','application.publish','94e52c4085e83b6b','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "94e52c4085e83b6b", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','a705546a1517852b830f3c18645096d485677e0e71d4fab843d8d8160410fb30');
INSERT INTO "audit" VALUES(5,1.79607166366235494617e+09,'local:0','application.set','b235608909c9d1bf','{"name": "wiki", "settings": {"backend_timeout": "120"}}','8d99d521a3dd581fbdc99a671de1ca3c5af9be7c20ddb6c65ef95a49f5eeac18');
INSERT INTO "audit" VALUES(6,1.79607166865635395052e+09,'local:0','user.add','52ec15a3228691a8','{"groups": ["staff"], "name": "alice"}','4d62b0614a737dbfdf82e8925b8e8d34678c52b49bd058fa69c64e0b62ed3767');
INSERT INTO "audit" VALUES(7,1.79607167438467478755e+09,'local:0','user.add','b4ac2741fcd0467f','{"groups": [], "name": "bob"}','7535859fa10df6bda46c2239fd7246a91e7c83d3516c8af8f529aa191fb68652');
INSERT INTO "audit" VALUES(8,1.79607167919314360616e+09,'local:0','user.add_to_group','b4ac2741fcd0467f','{"group": "staff", "name": "bob"}','cb69ec51c8c122d65f7c4c962344aebdb0ad4a2c0ed8a15ee3b98ed31236694b');
INSERT INTO "audit" VALUES(9,1.79607168294914412501e+09,'local:0','application.assign','b235608909c9d1bf','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "f401079384bff4ab"}','f402946c7f0c366de34ceebb1a3b4fb957f6bc08bc6a34dd4cb3fe5071434619');
INSERT INTO "audit" VALUES(10,1.79607168737557983399e+09,'local:0','connector.token','b837782a31aadbb0','{"expires": 1796075287.3755798, "group": "lab", "uses": 3}','e7326a50a7287eee85fd7f054d91c87fec04cf65c47cbcb715285034f3132b30');
INSERT INTO "audit" VALUES(11,1.79607169109245610235e+09,'local:0','provider.add','74cf4dfff3310d58','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "fetch_groups": false, "groups_claim": "groups", "id": "74cf4dfff3310d58", "idle_minutes": 240.0, "issuer": "https://login.corp.example/", "keys": "", "kind": "oidc", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"], "secret_changed": 1796071691.092456, "session_hours": 12.0, "settings": {}}','5ea2235ce2cf1e328aa5413679a41cb8bbefc5d07e5910551f7e84724992061d');
INSERT INTO "audit" VALUES(12,1.79607169500357842441e+09,'local:0','application.publish','41031e08a3570247','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "41031e08a3570247", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "providers": ["corp"], "segments": [], "settings": {}}','51cc12970038e053ab6b671c46c74ddda81158ff1d73f1e9b229350c05e7e2ae');
INSERT INTO "audit" VALUES(13,1.79607169833796763425e+09,'local:0','application.assign','41031e08a3570247','{"maintainer": false, "name": "sales", "provider": "corp", "user": "5f2b7c", "value": "5f2b7c"}','4496df830b4eba321d881a6ac356928a27012dc399c126f33b812298aa9009d1');
INSERT INTO "audit" VALUES(14,1.79607170171648502349e+09,'local:0','segment.add','b235608909c9d1bf','{"external": "https://handbook.example.com/", "id": "7376773d4a3136af", "internal": "http://wiki.internal:8080/", "name": "wiki"}','b56a9eba7e2c4d3263b1aad3e88ad88e15bae27e01272435ab42980926e16245');
INSERT INTO "audit" VALUES(15,1.79607170496109652515e+09,'local:0','cors.add','b235608909c9d1bf','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}','58c049b280ee70c5fe057dbb584cbb69838442e8e23c8bd76acd06f39541f17a');
INSERT INTO "audit" VALUES(16,1.79607170833379125598e+09,'local:0','client.add','0f1d57df4b143b5a','{"backchannel_logout_session_required": false, "backchannel_logout_uri": "", "ca_bundle": 0, "frontchannel_logout_uri": "", "name": "grafana", "post_logout_redirect_uris": [], "redirect_uris": ["https://grafana.example.com/login"]}','77b164bbcac25338cdda3d98e7708dc3c1d82286dabf1bc017a57cedc6a90666');
INSERT INTO "audit" VALUES(17,1.79607171147882485389e+09,'local:0','native_client.add','1e51ea37221419a0','{"applications": ["wiki"], "created": 1796071711.4788249, "device_codes": false, "id": "1e51ea37221419a0", "name": "tools", "redirect_uris": ["http://127.0.0.1/callback"]}','5cb56adf36b9971dbef96d3c99e53aa4f2180ea9f670f1b2602bcff82046aa39');
INSERT INTO "audit" VALUES(18,1.79607171491616058353e+09,'local:0','role.assign','f401079384bff4ab','{"application": "", "expires": 0.0, "kind": "group", "name": "staff", "provider": "builtin", "role": "help-desk", "value": "f401079384bff4ab"}','3d83806a201867784f1d9432f1d13470215f02d6a94905811b49b2b1caa733c9');
INSERT INTO "audit" VALUES(19,1.79607171960571432118e+09,'local:0','device.add','cf0566450f579cf1','{"fingerprint": "", "name": "laptop", "not_after": 0.0, "user": "alice"}','9532b37487e92f253a9d1d104c2695816205f8d81efa7b9b9be39e36eb847edf');
INSERT INTO "audit" VALUES(20,1.79607172427038717273e+09,'local:0','audit_export.add','cafd04d82495d385','{"destination": "file:///var/log/appproxy/audit.json", "format": "json", "name": "archive", "start": "now"}','b5ef4bb93037c8db23a38e108c1110ef6272d6bf217436d8401fe8a560e31985');
CREATE TABLE audit_chains (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	start VARCHAR(64) NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	begins BIGINT NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_chains PRIMARY KEY (id)
);
INSERT INTO "audit_chains" VALUES('known',X'733137564D5E6533981D39FAFE92E7BEE987FACCDF9BD6FE6E4732D51EA8261EA5C00C9DC9100F84441C8667FC03ADF6B766F952A3A355951CC6569F866FB7BAE12A','0000000000000000000000000000000000000000000000000000000000000000','b5ef4bb93037c8db23a38e108c1110ef6272d6bf217436d8401fe8a560e31985',1,'5f2d2d39cc524b684b0cefda7f9db799d27ecc31df6d411bb5f64f5cb190d0a1');
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
INSERT INTO "audit_exports" VALUES('cafd04d82495d385','archive','archive','file:///var/log/appproxy/audit.json','json','','',X'733137564D5E29B801BF5E537D62F9614729DB5C47EF01EFDB2CF5FB07C19E37A3A8',X'733137564D5EA8837815972DF608B4D92676C3636C0B8FF9FAAE6C611672F795A298',1.79607172427038717273e+09,19,'',0.0,1.79607172427038717273e+09,0,'',0.0,0,0,0);
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
INSERT INTO "authorities" VALUES('b5a47a2ba6274d89','connector','-----BEGIN CERTIFICATE-----
MIIBojCCAUegAwIBAgIQdwU7sxZMULPEp27Ynkh8GjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGE0MDBkOTM4NWIwODU2NmMwHhcN
MjYxMTI5MjA0NzI0WhcNMzYxMTMwMDg0NzI0WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGE0MDBkOTM4NWIwODU2NmMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATDwOKV/lRxwNxatughc4zQ4H6XZVWr2fw32ey6u4jSvh/rhW5eUfmQ
ghpk8OJy63RjXREf3OR5fQsnEvyf3HhJo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUb3N4SXKz6BdDH0fUIW9xkMWNWKQw
CgYIKoZIzj0EAwIDSQAwRgIhAI6sNMQ0PzuwucLoY8pXbsW5iEZwn/EpWk9aJKwt
pA6HAiEAyswLhomqQV/8r49Mb6zWD0S7NU9L0eYuzt1rh2gboUY=
-----END CERTIFICATE-----
',X'733137564D5E6E7583860CC0042F6CF2F9DAE40E238ADC8753463B657BDCEAC4459B37387E477042719A230A7EB27E206A27F7E4EA243E906EB283EE8D4E60871AEAE5D4587E51A9A87D1C5728E0DE4998E44A7A7D7D5EDD3BC2881C6C6CFD95CFA6B6A360E32D74123363E78D57581B09A89851C7F723404E70BA033BE534D701C54A09B5AAF0090E069199E7BFB4E08FD0C8004AE9BB74DD14D98B431FBEE5A22960570AE034DBD0067121FBEC2BC2142EA4B14D47CD05A6CE5A7BB3B0BB1AE04F3E6ACA19C34B8D7BF783838C5EA713E3515CE4D9AC44DCED4CC6FB2A36127BC8D38687C331452BB4E369F89F25CECAF6AB4B15035EEB32D7CBA8539AF22AB23EE4A3B1399867AB0B98D8DD8C40F8BAD4BF',1.79607164421108865732e+09,2111647644.0);
INSERT INTO "authorities" VALUES('caadea854a2a668b','user','-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQVipK4V1f0GeUxYFQTH6nATAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhNDAwZDkzODViMDg1NjZjMB4X
DTI2MTEyOTIwNDcyNFoXDTM2MTEzMDA4NDcyNFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYTQwMGQ5Mzg1YjA4NTY2YzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABLsesIpv3+nZL7cKbVjXvUiIuIzw7OvkCo6kTVvyvYmBP+rtkAaf
9W1KZom4nU2K5Zw3zZMlVFofCxlmdA1VWZijZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQrm/8dxTdDBHqCM7uCIGGw3hjd
QDAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhAKPIkbdlhyMdxdXB9MsZJ21JKBxeg3PJgjnyCR98zXL8AiAK/GQeYRnswDGW
WlAIsgCA3VRfUGQvoIiv7uiUp+WGlw==
-----END CERTIFICATE-----
',X'733137564D5E54E62195A6F4BDC94F4C15B611E346B752A3ADE7461816891C4494560FE6412C8D456A8B6B129F22939FE420BA63449507FD696798E58167C8F8E4DA5485D5A17B7F5E6A0AFD6887F655CB89B1A821BDBD9949B9DE534602B1DBD4528D525281AFE1A0095DB1242B50557EF95643F2CE289416031736D870E4CE9A593DF2B276CC25A2C2266387FD58302581A6EB802C7FD63734BBC40A1E9BED04117782021CDF13E1B39B25D7775B082AD2005F53B3C8F728B8B6D40EB13AAD945B171F90BBD985DC08AFC0CE28202FC8AF0B0BC8FDE8A7409AFD50157B3659E2714E4167A995BC5378F4BFB104570F5D30C0F6F633C76E661D5D28E5814CAC1BCB6F2987C642588F8F32DD066E0BBEF6DF24',1.79607164421108865732e+09,2111647644.0);
INSERT INTO "authorities" VALUES('84d3b8f3f9d4b713','device','-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIQPSqPj7HUQaFflBwh1EL2xzAKBggqhkjOPQQDAjAbMRkw
FwYDVQQDDBBhcHBwcm94eSBkZXZpY2VzMB4XDTI2MTEyOTIwNDgzOVoXDTM2MTEz
MDA4NDgzOVowGzEZMBcGA1UEAwwQYXBwcHJveHkgZGV2aWNlczBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABLxpee723OgwT5GN7T3pAh+HInBQIzO4G3tR/wBK+wPE
5ktDvkay1QKvdQdNsmOLAE/oo0gjkntXYFkJZ3HaqXGjRTBDMBIGA1UdEwEB/wQI
MAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQ2iaGEtajzkRYOPhm6
CwPx1kCm0zAKBggqhkjOPQQDAgNIADBFAiEA3Kvdi+r2IccQkPQTtTOhReIgLva7
IJRDR5RIBr/v/L4CIH4aYrEJ7L2IiROEvu8YqxdUJCRhmjmbiIoXbfBVnuWB
-----END CERTIFICATE-----
',X'733137564D5EA471489C54358ED32B67734331747B83A4F5A6BE7CC0B6DCF27958797552743C960108DB106C46B5CA0C223D9A9C125F88A7737430FE4167A569F23299F2D47A878B6E0788A95C386E130E65576CBB2C907E323D13101B008B4353C22F7035D5281B9F833B2E028E0BDF27E71834CD1D4732647452EAB3E569F9BDE479AA0B4CD4C135E1001D1E5EAE43E1155C594AC1D9F57F9F13EF7DF48A29EDA5AA00C3774F43C88CE4E4FAD9AA2252643B4A9CE27BD096D48705930ED443D61BBF6D4AB8D9B3C8F8BE536EFCB1C90FCEC9B4855BDCDA1BDF9B52F5769E929A7F5B21967843B21205916EB7AD221248F251F53B7ECACE4E55DF8699393BAD515B8DEE0486807421880AEA90FDA79A6909DF',1.79607171960571432118e+09,2111647719.0);
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
INSERT INTO "clients" VALUES('0f1d57df4b143b5a','grafana','grafana','a968a992c1bdcdebd92142b24da57da436458d74d552b04e1408b1de123c7b95','',0.0,'["https://grafana.example.com/login"]','[]',1.79607170833379125598e+09,1.79607170833379125598e+09,'',0,'','');
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('0865844e914d516f','lab','lab',1);
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
INSERT INTO "cors_rules" VALUES('b235608909c9d1bf','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE device_authorities (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	certificates TEXT NOT NULL, 
	lists TEXT NOT NULL, 
	revoked TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_device_authorities PRIMARY KEY (id), 
	CONSTRAINT uq_device_authorities_name_key UNIQUE (name_key)
);
INSERT INTO "device_authorities" VALUES('builtin','builtin','builtin','-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIQPSqPj7HUQaFflBwh1EL2xzAKBggqhkjOPQQDAjAbMRkw
FwYDVQQDDBBhcHBwcm94eSBkZXZpY2VzMB4XDTI2MTEyOTIwNDgzOVoXDTM2MTEz
MDA4NDgzOVowGzEZMBcGA1UEAwwQYXBwcHJveHkgZGV2aWNlczBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABLxpee723OgwT5GN7T3pAh+HInBQIzO4G3tR/wBK+wPE
5ktDvkay1QKvdQdNsmOLAE/oo0gjkntXYFkJZ3HaqXGjRTBDMBIGA1UdEwEB/wQI
MAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQ2iaGEtajzkRYOPhm6
CwPx1kCm0zAKBggqhkjOPQQDAgNIADBFAiEA3Kvdi+r2IccQkPQTtTOhReIgLva7
IJRDR5RIBr/v/L4CIH4aYrEJ7L2IiROEvu8YqxdUJCRhmjmbiIoXbfBVnuWB
-----END CERTIFICATE-----
','{}','',1.79607171960571432118e+09,1.79607171960571432118e+09);
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
CREATE TABLE device_revocations (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_device_revocations PRIMARY KEY (id)
);
CREATE TABLE devices (
	id VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	days INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	link_hash VARCHAR(64) NOT NULL, 
	link_until DOUBLE NOT NULL, 
	password BLOB NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	number VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	revoked DOUBLE NOT NULL, 
	CONSTRAINT pk_devices PRIMARY KEY (id), 
	CONSTRAINT fk_devices_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "devices" VALUES('cf0566450f579cf1','52ec15a3228691a8','laptop',365,1.79607171960571432118e+09,'a13a1e49aee1393511ab6de9c6f35aff5ddf1478e3bf0a49770c374e99d030cb',1.79667651960571432114e+09,X'733137564D5E34E4DEF73F9E9857E7B15D348BF82974CF3D5CC3A4BC68424D9A23B626B0716454F8C828B5DFC74E8BF858BDA6D565','','',0.0,0.0);
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
INSERT INTO "external_urls" VALUES('wiki.example.com','/','b235608909c9d1bf');
INSERT INTO "external_urls" VALUES('status.example.com','/','94e52c4085e83b6b');
INSERT INTO "external_urls" VALUES('sales.example.com','/','41031e08a3570247');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','b235608909c9d1bf');
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
INSERT INTO "join_tokens" VALUES('e0aaeb6cf66def9f','725f00c7c6078c6d0f6fbfa500351d7c77ab0850eecd708a864f9492a45bbd8e','default',1,1,1.79607164625259304053e+09,1.79607524625259304049e+09);
INSERT INTO "join_tokens" VALUES('b837782a31aadbb0','97a7cdb37452da5d57f4eb19ef133817ac693d50a1585814c997344948d039f3','0865844e914d516f',3,3,1.79607168737557983399e+09,1.796075287375579834e+09);
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
INSERT INTO "leaves" VALUES('4a9e08190152afe4','connector','b5a47a2ba6274d89','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQa2zBxh7Y9d5b2jB3DCT3ZzAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGE0MDBkOTM4NWIwODU2NmMwHhcN
MjYxMTI5MjA0NzI0WhcNMjcxMTMwMjA0NzI0WjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgFLtPKDI2Dgz
2yTakfHhqWC6XUhf9FKCgRAR+PUYjxTdaoefYT56Bl/M1CjK2fCN+TajQBK+gBwd
+b7A4RuGIqOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBSRDcFKQC+1a2mS+AajFi/Q1TIJzjAfBgNVHSMEGDAWgBRvc3hJ
crPoF0MfR9Qhb3GQxY1YpDAKBggqhkjOPQQDAgNHADBEAiA6yOZQ6sP+0pB91CGj
SMlH2i35tab2ptB2tW/yw28FEAIgMdUQb8LPd7WbUgokpHKvAaaxlRj2MVBPlBp7
CVun1UM=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBojCCAUegAwIBAgIQdwU7sxZMULPEp27Ynkh8GjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGE0MDBkOTM4NWIwODU2NmMwHhcN
MjYxMTI5MjA0NzI0WhcNMzYxMTMwMDg0NzI0WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGE0MDBkOTM4NWIwODU2NmMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATDwOKV/lRxwNxatughc4zQ4H6XZVWr2fw32ey6u4jSvh/rhW5eUfmQ
ghpk8OJy63RjXREf3OR5fQsnEvyf3HhJo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUb3N4SXKz6BdDH0fUIW9xkMWNWKQw
CgYIKoZIzj0EAwIDSQAwRgIhAI6sNMQ0PzuwucLoY8pXbsW5iEZwn/EpWk9aJKwt
pA6HAiEAyswLhomqQV/8r49Mb6zWD0S7NU9L0eYuzt1rh2gboUY=
-----END CERTIFICATE-----
',X'733137564D5E800A1A7AF6E860AD0B2B9B1D3D05CF640D5494EE09F484B021FD0464BDCC5C29C6DE447BDF3E2EBF582873770AAE1D242CBA5E14F60E480C2511C3309B50AA0120C346E27F1373B6BDC46D867183D8677A12510BA6A2CFF35C4378E20B07E9153EC43CD7320F349827E88B4A1E9CFFA017375F47908F328CB717098DD4EE5F1F8E7D81E401701388DAB94927888C36BAF781FDE545934CA06C305FFCBF30F56D45C23A48568559B6E2455E1F40968F2A9F672C95305FE18D6F48323AB3CDEDB3BD81C01768AB38F4F5FDC4D52371FF4D89B6C5EACD2A9D0FCB6B19364B35A8E42F6A081D065856C9B9E15FDC2DBFE0F7844C547C412930121AF9E02FFAE22BF8A03BB6A068F48AF7B7FFF5A7FE',1.79607164421108865732e+09,1827607644.0);
INSERT INTO "leaves" VALUES('c46f0b535f61290e','user','caadea854a2a668b','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQE0dL7B4hNrD3GEq5T3vYoTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhNDAwZDkzODViMDg1NjZjMB4X
DTI2MTEyOTIwNDcyNFoXDTI3MTEzMDIwNDcyNFowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR1qM3mFbYWO3Fk0dNNKlJ3
YUsJXxnpwkrBPke2OrgwiK4AHuoUIXvqkSJwC3oKK+AvnVznvvr/wLmi8UMFr6JM
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBQepvpkJdO+fhe8uHH6GEF6E8U9MzAfBgNVHSMEGDAWgBQrm/8d
xTdDBHqCM7uCIGGw3hjdQDAKBggqhkjOPQQDAgNHADBEAiB5bGtqVlo5J4SOBmyo
mMx9hZxULw4qS0+wFjYJSZEc1AIgdKoS6SoZpjpQlbyo9XD4/mZMgpkvuqJy40Ci
AvM+MTo=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQVipK4V1f0GeUxYFQTH6nATAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhNDAwZDkzODViMDg1NjZjMB4X
DTI2MTEyOTIwNDcyNFoXDTM2MTEzMDA4NDcyNFowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYTQwMGQ5Mzg1YjA4NTY2YzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABLsesIpv3+nZL7cKbVjXvUiIuIzw7OvkCo6kTVvyvYmBP+rtkAaf
9W1KZom4nU2K5Zw3zZMlVFofCxlmdA1VWZijZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQrm/8dxTdDBHqCM7uCIGGw3hjd
QDAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhAKPIkbdlhyMdxdXB9MsZJ21JKBxeg3PJgjnyCR98zXL8AiAK/GQeYRnswDGW
WlAIsgCA3VRfUGQvoIiv7uiUp+WGlw==
-----END CERTIFICATE-----
',X'733137564D5E5B782D8373A4B30993D3BE856538284CA643833F3A4C12BC438AAEE3D0D2BE7A275F41BC935D8177AF4117A400CD1980BCC5EB7258B19A3B904F3BDA07F9E0325CDE4322389BCFF3251A45EEBF47BDE36B07CA00558602CD90C76109A3A75CD6CF9FD9F7D7A078A50F5876030BFDC39D8292B3A18123AE1F5CAADE84C382647FD4D6AB2CF1634F6A4AEA56C8A4CCDA763BB2DFC0D787F813343BC2EB44C0143271D51074347D077BB5DE9691A0001532E139A666184182DA0C8585E7CACFEC0293DCFDAEFE65CB4567E411122D34AB5183F0F798C9DCBCD3A0056DFFDAB298577E83CF69661A2E4388136AF3263714A5572AD0ADFF02FCA4620D7BB0DD9DE946CB17B10B56EA5E5975B5834C72',1.79607164421108865732e+09,1827607644.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'733137564D5E7B89D19785986ED543F24A1501A6AD5E08D55CAD865B5E6364029854C4C3CBF30644AA4C');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('52ec15a3228691a8','f401079384bff4ab');
INSERT INTO "memberships" VALUES('b4ac2741fcd0467f','f401079384bff4ab');
CREATE TABLE native_client_applications (
	client VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_native_client_applications PRIMARY KEY (client, application), 
	CONSTRAINT fk_native_client_applications_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_client_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "native_client_applications" VALUES('1e51ea37221419a0','b235608909c9d1bf');
CREATE TABLE native_clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, device_codes BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_native_clients PRIMARY KEY (id), 
	CONSTRAINT uq_native_clients_name_key UNIQUE (name_key)
);
INSERT INTO "native_clients" VALUES('1e51ea37221419a0','tools','tools','["http://127.0.0.1/callback"]',1.79607171147882485389e+09,0);
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
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'733137564D5E47623C4A3C058255352C3C4B66C5701EDDDFB6F039BB7986301BA9E1951C21551BFA788CCFDE78C5609A012C18622C4F286D8BAD3BCE46A1834B53B0755A982E97982095F6B820DCF41412582654E95A622BFAE38125FC9692F68FFE','openid profile email','groups','ES256','','auto',12.0,240.0,0,'builtin','{}',1.79607164421108865732e+09);
INSERT INTO "providers" VALUES('74cf4dfff3310d58','corp','corp','https://login.corp.example/','appproxy',X'733137564D5E6E687DF31F25A9DC33FFDDD2CBAD98CEFEA3416C0481C286011F1DBE28E2A0D99FC68E994EA112EFEB','openid profile email','groups','RS256 ES256','','auto',12.0,240.0,0,'oidc','{}',1.79607169109245610235e+09);
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
INSERT INTO "revisions" VALUES('all',15);
INSERT INTO "revisions" VALUES('authorities',15);
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
INSERT INTO "revisions" VALUES('device_authorities',15);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE risk_counts (
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(128) NOT NULL, 
	amount DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_risk_counts PRIMARY KEY (kind, value)
);
CREATE TABLE risk_failures (
	network VARCHAR(64) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	hour BIGINT NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_risk_failures PRIMARY KEY (network, subject, hour)
);
CREATE TABLE risk_sign_ins (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	time DOUBLE NOT NULL, 
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	country VARCHAR(64) NOT NULL, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	browser VARCHAR(128) NOT NULL, 
	system VARCHAR(128) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	step VARCHAR(64) NOT NULL, 
	new_device INTEGER NOT NULL, 
	score DOUBLE NOT NULL, 
	level VARCHAR(64) NOT NULL, 
	parts TEXT NOT NULL, 
	outcome VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_risk_sign_ins PRIMARY KEY (id)
);
CREATE TABLE risky_users (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	medium_until DOUBLE NOT NULL, 
	high_until DOUBLE NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_risky_users PRIMARY KEY (provider, subject)
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
INSERT INTO "role_assignments" VALUES('9923990330284f42','help-desk','builtin','group','f401079384bff4ab',NULL,1.79607171491616058353e+09,0.0);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'733137564D5EEE9FA033EC3B609C61F49EB6405C196D4C6A3E99BD7BC3D18B477853D3A4646FF07E8573C397F46F45CA59D099E3B93979C80923D38EA19F3CDC08BA',1.79607164421108865732e+09);
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
INSERT INTO "segments" VALUES('7376773d4a3136af','b235608909c9d1bf','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79607170171648502349e+09);
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
INSERT INTO "settings" VALUES('instance','a400d9385b08566c');
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
INSERT INTO "signing_keys" VALUES('0752e808cb4d47db',X'733137564D5EF4AB1CAD820849CFF1C0C389AA6468DF4B5F13A3A2BCC3477453FCD6FC525F38BE58562B41E7E9538197E1F95E9767EE0CB483BD578CAB311C848CAA6167B3CF9BF81FCF99AF2FEE884653DBB925910FB1FE0EC24009CF04B60D345FAAC6DC7885B7702223A59E8763D87CB2D6A652419065F92DAA591ED5E1ADA947B8A326B629A252EEE576A5C597CDFAABBBE3FFA9623EBD25F4076E921E0F48AB92DD284776207668A8CC3A1359BFDE8A6105D6A8ED6C30ACC2D85D669447D4669C8708298A0853361B8F0F42C79DDBFD0E35B290FAA106C613D8B78A5D577EC149DEBF742AEA793823FEB55A4DB7905ECA5C325CACB2F60F0613C4F9E876CD100B46A40B5DB7EAC7F5F1B95629E58B18A1',1.79607164421108865732e+09);
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
INSERT INTO "user_groups" VALUES('f401079384bff4ab','staff','staff');
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
INSERT INTO "users" VALUES('52ec15a3228691a8','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$GYEx4bF2VK5Ptj8iguA6CA$yYWJ2B+vcUu4w4fKZj9FMlu0XhjvghtxJPcfp3/b+pY',0,1.79607166865635395052e+09,1.79607166865635395052e+09);
INSERT INTO "users" VALUES('b4ac2741fcd0467f','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$w8qAlBFrLKptEzpszmT5nA$a2cLLU+bQeF2QuRsIcU+XZ/TnWJS8AljQcBdE1k8Nbk',0,1.79607167438467478755e+09,1.79607167438467478755e+09);
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
CREATE INDEX ix_password_attempts_time ON password_attempts (time);
CREATE INDEX ix_connector_places_node ON connector_places (node);
CREATE INDEX ix_risk_sign_ins_time ON risk_sign_ins (time);
CREATE INDEX ix_risk_sign_ins_address ON risk_sign_ins (address);
CREATE INDEX ix_risk_sign_ins_provider ON risk_sign_ins (provider, subject);
CREATE INDEX ix_risk_counts_seen ON risk_counts (seen);
CREATE INDEX ix_risk_failures_subject ON risk_failures (subject);
CREATE INDEX ix_risk_failures_hour ON risk_failures (hour);
CREATE INDEX ix_devices_user ON devices (user);
CREATE INDEX ix_devices_link_hash ON devices (link_hash);
CREATE INDEX ix_device_revocations_expires ON device_revocations (expires);
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "application_providers" VALUES('41031e08a3570247','74cf4dfff3310d58',4238);
INSERT INTO "authenticator_apps" VALUES('authenticator_apps.id','52ec15a3228691a8','authenticator_apps.label',X'61757468656E74696361746F725F617070732E736563726574',1064,1782866294.5,1782865051.25);
INSERT INTO "break_glass" VALUES('74cf4dfff3310d58','break_glass.subject');
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "client_keys" VALUES('client_keys.id','client_keys.type','74cf4dfff3310d58',X'636C69656E745F6B6579732E6B6579','client_keys.certificate',1782864672.5,1);
INSERT INTO "client_sessions" VALUES('0f1d57df4b143b5a','client_sessions.sid','client_sessions.user',1782864970.75,1782864518.25);
INSERT INTO "connector_places" VALUES('connectors.id','connector_places.node',1782864041.25);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address',1782864561.75);
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','0865844e914d516f','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "device_codes" VALUES('device_codes.id','device_codes.user_code','1e51ea37221419a0','device_codes.scope','device_codes.audience','device_codes.session',0,1782864362.5,1782865165.5);
INSERT INTO "device_revocations" VALUES('device_revocations.id',1782864851.75);
INSERT INTO "directories" VALUES('directories.id','directories.name','directories.name_key',9196,X'6469726563746F726965732E62696E645F70617373776F7264','{}',1782866165.5);
INSERT INTO "directory_groups" VALUES('f401079384bff4ab','directories.id','directory_groups.subject');
INSERT INTO "directory_users" VALUES('52ec15a3228691a8','directories.id','directory_users.subject','directory_users.password_mark',1782865725.5);
INSERT INTO "idempotent_answers" VALUES('idempotent_answers.id','idempotent_answers.fingerprint',X'6964656D706F74656E745F616E73776572732E616E73776572',1782865339.75);
INSERT INTO "kept_forms" VALUES('kept_forms.id','kept_forms.owner','kept_forms.place',6021,1782864448.5,X'6B6570745F666F726D732E666F726D');
INSERT INTO "native_grants" VALUES('native_grants.id','1e51ea37221419a0','52ec15a3228691a8','native_grants.scope','native_grants.audience',1782866185.5,'native_grants.methods','native_grants.secret_hash','native_grants.former_hash',1782865813.75,1782865771.5,'native_grants.family_hash');
INSERT INTO "node_tokens" VALUES('node_tokens.id','node_tokens.bundle',1782864450.5,1782865979.5,1782865850.25,'node_tokens.used_by');
INSERT INTO "nodes" VALUES('nodes.id','nodes.name','nodes.directory','nodes.address','nodes.version',1782865942.75,1782865179.25,2775);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "passkeys" VALUES('passkeys.id','52ec15a3228691a8','passkeys.label','passkeys.credential','passkeys.public_key',2695,'passkeys.transports',1782865979.75,1782865154.0);
INSERT INTO "password_attempts" VALUES(4692,'password_attempts.process',1782865577.0,'password_attempts.name','password_attempts.device','password_attempts.network','password_attempts.block',0);
INSERT INTO "password_links" VALUES('password_links.id','52ec15a3228691a8','password_links.kind',1782864079.5,1782865930.5);
INSERT INTO "policy_documents" VALUES('policy_documents.id','policy_documents.kind','policy_documents.name','policy_documents.name_key','{}',4344,1782865973.0,1782865188.75,1782864496.25);
INSERT INTO "recovery_codes" VALUES('52ec15a3228691a8','recovery_codes.code_hash');
INSERT INTO "refused_codes" VALUES('refused_codes.id','52ec15a3228691a8','refused_codes.origin',1782864284.0);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
INSERT INTO "risk_counts" VALUES('risk_counts.kind','risk_counts.value',1782864354.25,1782864679.0);
INSERT INTO "risk_failures" VALUES('risk_failures.network','risk_failures.subject',2626,2725);
INSERT INTO "risk_sign_ins" VALUES('risk_sign_ins.id','risk_sign_ins.provider','risk_sign_ins.subject','risk_sign_ins.name',1782865531.75,'risk_sign_ins.session','risk_sign_ins.application','risk_sign_ins.address','risk_sign_ins.country',1782865570.75,1782864280.0,'risk_sign_ins.browser','risk_sign_ins.system','risk_sign_ins.device','risk_sign_ins.step',4520,1782864306.25,'risk_sign_ins.level','risk_sign_ins.parts','risk_sign_ins.outcome','risk_sign_ins.state');
INSERT INTO "risky_users" VALUES('risky_users.provider','risky_users.subject','risky_users.name',1782864425.25,1782864499.0,1,1782866491.0);
INSERT INTO "second_factor_rules" VALUES('second_factor_rules.id','f401079384bff4ab',1782865920.25,1782865996.0);
INSERT INTO "service_token_applications" VALUES('service_tokens.id','41031e08a3570247');
INSERT INTO "service_token_uses" VALUES('service_tokens.id',1782865826.0,'service_token_uses.address');
INSERT INTO "service_tokens" VALUES('service_tokens.id','service_tokens.name','service_tokens.name_key','service_tokens.secret_hash','service_tokens.former_hash',1782865836.0,'service_tokens.networks','{}',1782865658.25,1782865425.0,1782865311.25);
INSERT INTO "session_applications" VALUES('sessions.id','session_applications.application');
INSERT INTO "sessions" VALUES('sessions.id','sessions.provider','sessions.subject','sessions.issuer','sessions.name','sessions.sid',1782865253.0,1782864017.75,1782865336.0,1782866145.5,'sessions.address','sessions.client',1782864900.25,'sessions.amr','sessions.acr',X'73657373696F6E732E69645F746F6B656E',X'73657373696F6E732E726566726573685F746F6B656E',X'73657373696F6E732E636C61696D73',1782865281.75,8676,1782864545.75);
INSERT INTO "sign_out_notices" VALUES('sign_out_notices.id','0f1d57df4b143b5a','sign_out_notices.user','sign_out_notices.sid',4737,1782864037.0);
INSERT INTO "update_leases" VALUES('0865844e914d516f','connectors.id',1782864997.0,1782864631.75);
