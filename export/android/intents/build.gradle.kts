plugins { id("com.android.library") }

android {
    namespace = "edgekd.intents"
    compileSdk = 35
    defaultConfig { minSdk = 24 }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
}

dependencies {
    // The last line of LiteRT that is the Interpreter alone; 2.x has it too.
    implementation("com.google.ai.edge.litert:litert:1.4.2")
    testImplementation("junit:junit:4.13.2")
    // A device has org.json; the android.jar of local tests only has its outline.
    testImplementation("org.json:json:20250517")
}
