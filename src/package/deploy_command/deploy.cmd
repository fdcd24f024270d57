@if not defined _echo echo off
rem Installs @PACKAGE@ into IIS with Web Deploy (msdeploy.exe).
rem Start it without arguments to see what it takes. Values of the parameters stand in @PARAMETERS@.
setlocal EnableExtensions DisableDelayedExpansion

set "_Root=%~dp0"
set "_Self=%~nx0"
set "_Package=%_Root%@PACKAGE@"
if not defined _DeploySetParametersFile set "_DeploySetParametersFile=%_Root%@PARAMETERS@"
set "_DeploySetParametersFile=%_DeploySetParametersFile:"=%"
set "_Mode="
set "_Computer="
set "_User="
set "_Password="
set "_EncryptPassword="
set "_IncludeAcls=False"
set "_AuthType="
set "_TempAgent="
set "_Express="
set "_WhatIf="
set "_Parameters="
set "_Flags="

rem Arguments. An argument with blanks, equal signs or ampersands must stand in quotes, as everywhere in cmd.exe.
:NextArgument
set _Argument=%1
if not defined _Argument goto Parsed
set "_Argument=%_Argument:"=%"
if not defined _Argument goto Taken
set "_Option=%_Argument:~0,3%"
set "_Value=%_Argument:~3%"
if "%_Argument%" == "/?" goto Help
if /I "%_Argument%" == "/T" set "_Mode=test" & goto Taken
if /I "%_Argument%" == "/Y" set "_Mode=deploy" & goto Taken
if /I "%_Argument%" == "/L" set "_Express=yes" & goto Taken
if /I "%_Option%" == "/M:" set "_Computer=%_Value%" & goto Taken
if /I "%_Option%" == "/U:" set "_User=%_Value%" & goto Taken
if /I "%_Option%" == "/P:" set "_Password=%_Value%" & goto Taken
if /I "%_Option%" == "/E:" set "_EncryptPassword=%_Value%" & goto Taken
if /I "%_Option%" == "/I:" set "_IncludeAcls=%_Value%" & goto Taken
if /I "%_Option%" == "/A:" set "_AuthType=%_Value%" & goto Taken
if /I "%_Option%" == "/G:" set "_TempAgent=%_Value%" & goto Taken
rem Everything else goes to msdeploy.exe as it was written, quotes and all.
set _Flags=%_Flags% %1
:Taken
shift
goto NextArgument

:Parsed
if not defined _Mode goto Usage
if not exist "%_Package%" goto NoPackage
if not defined MSDeployPath call :FindMSDeploy
if not defined MSDeployPath goto NoMSDeploy
set "MSDeployPath=%MSDeployPath:"=%"
if not "%MSDeployPath:~-1%" == "\" set "MSDeployPath=%MSDeployPath%\"
if not exist "%MSDeployPath%msdeploy.exe" goto NoMSDeploy

set "_Destination=auto"
if defined _Computer set _Destination=%_Destination%,computerName="%_Computer%"
if defined _User set _Destination=%_Destination%,userName="%_User%"
if defined _Password set _Destination=%_Destination%,password="%_Password%"
if defined _AuthType set _Destination=%_Destination%,authType="%_AuthType%"
if defined _EncryptPassword set _Destination=%_Destination%,encryptPassword="%_EncryptPassword%"
if defined _IncludeAcls set _Destination=%_Destination%,includeAcls="%_IncludeAcls%"
if defined _TempAgent set _Destination=%_Destination%,tempAgent="%_TempAgent%"
if "%_Mode%" == "test" set "_WhatIf=-whatif"
if defined _Express goto Express

:Run
if not exist "%_DeploySetParametersFile%" goto NoParameters
set _Parameters=-setParamFile:"%_DeploySetParametersFile%"
echo The values of the parameters are taken from "%_DeploySetParametersFile%".
goto Start
:NoParameters
echo There is no "%_DeploySetParametersFile%": the package's own values are taken.
:Start
rem The command is not shown: a password may stand in it.
echo Starting "%MSDeployPath%msdeploy.exe" for "%_Package%"
"%MSDeployPath%msdeploy.exe" -source:package="%_Package%" -dest:%_Destination% -verb:sync -disableLink:AppPoolExtension -disableLink:ContentExtension -disableLink:CertificateExtension %_Parameters% %_WhatIf% %_MsDeployAdditionalFlags%%_Flags%
exit /b %ERRORLEVEL%

:Express
call :FindExpress
if not defined IISExpressPath goto NoExpress
if not defined IISExpressManifest goto NoExpress
set "IISExpressPath=%IISExpressPath:"=%"
rem A back-slash before a closing quote would be read as an escape.
if "%IISExpressPath:~-1%" == "\" set "IISExpressPath=%IISExpressPath:~0,-1%"
if not exist "%IISExpressPath%\%IISExpressManifest%" goto NoExpress
set "_ExpressConfig=%PersonalDocumentFolder%\IISExpress\config"
if not exist "%_ExpressConfig%" goto NoExpressConfig
set _Flags=%_Flags% -appHostConfigDir:"%_ExpressConfig%" -webServerDir:"%IISExpressPath%" -webServerManifest:"%IISExpressManifest%"
goto Run

rem Each version of Web Deploy has a key with its folder; the newest comes last, here and below.
:FindMSDeploy
for /F "tokens=1,2,*" %%h in ('reg query "HKLM\SOFTWARE\Microsoft\IIS Extensions\MSDeploy" /s 2^>nul') do if /I "%%h" == "InstallPath" if exist "%%j\msdeploy.exe" set "MSDeployPath=%%j"
if defined MSDeployPath exit /b 0
for %%r in ("%ProgramFiles(x86)%" "%ProgramFiles%" "%ProgramW6432%") do for %%v in (V3 V4) do if exist "%%~r\IIS\Microsoft Web Deploy %%v\msdeploy.exe" set "MSDeployPath=%%~r\IIS\Microsoft Web Deploy %%v\"
exit /b 0

rem What the environment says stays.
:FindExpress
if defined IISExpressPath goto FindManifest
for %%k in ("HKLM\SOFTWARE\Wow6432Node\Microsoft\IISExpress" "HKLM\SOFTWARE\Microsoft\IISExpress") do for /F "tokens=1,2,*" %%h in ('reg query %%k /s 2^>nul') do if /I "%%h" == "InstallPath" set "IISExpressPath=%%j"
:FindManifest
if defined IISExpressManifest goto FindDocuments
for %%k in ("HKLM\SOFTWARE\Wow6432Node\Microsoft\IISExpress" "HKLM\SOFTWARE\Microsoft\IISExpress") do for /F "tokens=1,2,*" %%h in ('reg query %%k /s 2^>nul') do if /I "%%h" == "Manifest" set "IISExpressManifest=%%j"
:FindDocuments
if defined PersonalDocumentFolder exit /b 0
for /F "tokens=1,2,*" %%h in ('reg query "HKCU\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Shell Folders" /v Personal 2^>nul') do if /I "%%h" == "Personal" set "PersonalDocumentFolder=%%j"
if not defined PersonalDocumentFolder set "PersonalDocumentFolder=%USERPROFILE%\Documents"
exit /b 0

:NoPackage
echo There is no "%_Package%": this command needs the package beside it. 1>&2
exit /b 2

:NoMSDeploy
echo Web Deploy is not found. Install it, or set MSDeployPath to the folder of msdeploy.exe. 1>&2
exit /b 3

:NoExpress
echo IIS Express is not found. Install it, or set IISExpressPath and IISExpressManifest, or leave out /L. 1>&2
exit /b 3

:NoExpressConfig
echo There is no "%_ExpressConfig%": start IIS Express once under this account. 1>&2
exit /b 3

:Usage
call :Help 1>&2
exit /b 2

:Help
echo Usage: "%_Self%" [/T ^| /Y] [options] [flags of msdeploy.exe]
echo.
echo One of these must be given:
echo   /T  only show what would change (-whatif)
echo   /Y  install the package
echo.
echo Options:
echo   /M:SERVER    the server: its name, or "https://SERVER:8172/msdeploy.axd?site=SITE"; this machine by default
echo   /U:USER      the user to log on there with
echo   /P:PASSWORD  the user's password
echo   /A:TYPE      how to log on: NTLM or Basic
echo   /E:PASSWORD  the password that encrypted values of the package need
echo   /I:BOOLEAN   whether access control lists are copied as well (includeAcls), False by default
echo   /G:BOOLEAN   whether Web Deploy is started on the server for this time only (tempAgent)
echo   /L           install into IIS Express of this user
echo.
echo All else is handed to msdeploy.exe, in quotes where an equal sign stands in it:
echo   "-setParam:name='IIS Web Application Name',value='Default Web Site/app'" -allowUntrusted
echo.
echo The environment is asked for MSDeployPath (the folder of msdeploy.exe), _DeploySetParametersFile (another file
echo with values), _MsDeployAdditionalFlags, and with /L for IISExpressPath, IISExpressManifest and
echo PersonalDocumentFolder. Where _echo is set, every line is shown.
echo.
echo Values to change before the installation stand in
echo   "%_DeploySetParametersFile%"
exit /b 0
